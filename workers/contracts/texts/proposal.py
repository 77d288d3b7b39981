"""What a file's columns are, and why."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "proposal",
    {
        "almost_none_learnable": _("Almost none can be learned from: {reason}."),
        "answer_much_shorter": _("“{answer}” is much shorter than “{question}”, as a summary would be."),
        "answers_are_json": _("“{answer}” holds JSON, which is learned as it is written."),
        "context_after_prompt": _("“{context}” is read after “{prompt}”, with a blank line between them."),
        "context_not_read": _(
            "“{name}” is not read, although answers may depend on it. Choose a task that reads it, or add its text to the question."
        ),
        "context_of_instruction": _("“{context}” is the text that the instruction works on."),
        "conversations": _("“{name}” holds conversations: lists of messages by a user and an assistant."),
        "doubtful_label": _(
            "“{label}” in “{column}” is learned as a label. If it means “no label”, empty these cells."
        ),
        "fold_column": _(
            "“{column}” numbers folds: “{test}” is used for testing, “{validation}” for validation, the others for training."
        ),
        "history": _("“{column}” holds earlier turns, which are read before the question."),
        "history_without_speakers": _(
            "“{name}” is named like earlier turns. It does not mark who speaks, so it is not read. Write “User:” and “Assistant:” before the turns."
        ),
        "joined_label": _(
            "“{label}” in “{column}” joins other labels, and is learned as a label of its own. If it means several labels, keep the most important one of each row."
        ),
        "label_has_one_value": _(
            "“{column}” holds one value only ({values}). A label needs at least two different values."
        ),
        "label_mostly_empty": _(
            "“{column}” is filled in {filled:,} of {rows:,} rows only, too few to learn labels from."
        ),
        "label_nested": _(
            "“{column}” holds nested values, such as marks of places within a text. Only one label for the whole text can be learned."
        ),
        "label_rarely_repeats": _(
            "“{column}” holds {values} different values in {filled:,} rows. A label must repeat to be learned, at least three times on average."
        ),
        "longest_text": _("“{text}” holds the longest texts."),
        "marks_of_places": _(
            "“{column}” marks parts of “{text}”, which cannot be learned. Add a column with a label for each text, or learn the text alone."
        ),
        "mask_fits_no_messages": _(
            "“{column}” says which parts of a row are learned. It fits no list of messages, so it is not followed and all parts are learned."
        ),
        "meaning_address": _("a web address"),
        "meaning_author": _("who wrote it"),
        "meaning_choice": _("an answer to choose from"),
        "meaning_choices": _("answers to choose from"),
        "meaning_code": _("program code"),
        "meaning_context": _("a text that the rest may be about"),
        "meaning_conversations": _("whole conversations"),
        "meaning_empty": _("empty in every row"),
        "meaning_history": _("earlier turns of the conversation"),
        "meaning_identifier": _("an identifier"),
        "meaning_instruction": _("an instruction"),
        "meaning_language": _("the name of a language"),
        "meaning_licence": _("a licence"),
        "meaning_media": _("images or sound; texts alone are learned"),
        "meaning_mostly_empty": _("filled in few rows"),
        "meaning_nested": _("nested values"),
        "meaning_numbers": _("numbers, addresses or identifiers"),
        "meaning_one_value": _("one short value"),
        "meaning_other_answer": _("another answer"),
        "meaning_other_label": _("another label"),
        "meaning_other_language": _("text in another language"),
        "meaning_rating": _("a rating"),
        "meaning_reasoning": _("reasoning before the answer"),
        "meaning_rejected": _("answers that were not preferred; preferences are not learned yet"),
        "meaning_repeating_values": _("short values that repeat"),
        "meaning_short_values": _("short values"),
        "meaning_source": _("where a row comes from"),
        "meaning_split": _("which split a row is in"),
        "meaning_summary": _("a summary"),
        "meaning_system_prompt": _("a system prompt"),
        "meaning_text": _("another text"),
        "meaning_time": _("a date or time"),
        "meaning_title": _("a title"),
        "meaning_tools": _("descriptions of tools; calling tools is not learned yet"),
        "meaning_weights": _(
            "weights of rows: a row of weight 0 is left out, other weights are not followed"
        ),
        "messages_and_answer": _(
            "“{asking}” holds messages up to a question, and “{answering}” the answer to it."
        ),
        "more_quality_columns": _(
            "{columns} mark rows as bad as well. Only one such column is used, so these rows are learned. Remove them from the file first."
        ),
        "much_shorter": _("“{short}” is much shorter than “{long}”, as a summary would be."),
        "multiple_choice": _(
            "This is multiple choice: the answers to choose from are in {columns}. Choosing is not learned yet. To learn the answers themselves, put the text of each right answer into a column “answer”, and leave these out."
        ),
        "named_in_two_languages": _(
            "“{question}” and “{answer}” are named like an input and its output, and are in different languages."
        ),
        "named_input_output": _("“{text}” and “{answer}” are named like an input and its output."),
        "named_instruction": _("“{asked}” and “{answer}” are named like an instruction and its answer."),
        "named_languages": _(
            "“{source}” and “{target}” are named after languages; the first is taken as the source."
        ),
        "named_question_answer": _("“{question}” and “{answer}” are named like a question and its answer."),
        "named_question_answer_context": _(
            "“{question}” and “{answer}” are named like a question and its answer, and “{context}” like the text that holds it."
        ),
        "named_question_output": _("“{question}” and “{answer}” are named like an input and its output."),
        "named_reply": _("“{mail}” and “{reply}” are named like a message and the reply to it."),
        "named_rewording": _("“{rewritten}” is named like another wording of “{text}”."),
        "named_summary": _(
            "“{target}” is named like a summary and has {ratio:.0%} of the length of “{text}”."
        ),
        "named_system_prompt": _("“{column}” is named like a system prompt."),
        "named_translation": _("“{text}” and “{translated}” are named like a text and its translation."),
        "nearly_all_several_labels": _(
            "Nearly all rows have several labels in “{column}”, and only one per row can be learned. Keep the most important one of each row."
        ),
        "nothing_clear": _(
            "No column is clearly a question, an answer or a label. Say what the data teaches, and mark its columns."
        ),
        "numbers_as_label": _(
            "“{column}” holds numbers, such as {example}. Numbers cannot be learned: write a label for each, such as low and high, or learn “{text}” alone."
        ),
        "one_possible_label": _(
            "“{column}” could be the label of “{text}”, or the text alone is to be learned. Say which."
        ),
        "one_text_predicts": _(
            "Only {read} is used to predict the label, not {left}. If the label depends on it, mark it as the second text."
        ),
        "only_rejected_answers": _(
            "“{column}” holds answers that were not preferred, and no column holds better ones. Say what is to be learned."
        ),
        "only_text": _("“{text}” is the only column of running text."),
        "other_answers": _(
            "“{column}” holds other answers to the same question. Only “{target}” is learned."
        ),
        "other_possible_label": _("“{column}” could be the label as well."),
        "parts_of_a_test_set": _(
            "“{column}” names parts of a test set ({parts}) and no rows for training. It is not used as the split."
        ),
        "possible_quality_column": _(
            "“{column}” may say which rows are bad. It is not followed, so all rows are learned. To set aside the bad ones, choose “Good or bad row” for this column."
        ),
        "possible_quality_columns": _(
            "{columns} may say which rows are bad. They are not followed, so all rows are learned. To set aside the bad ones, choose “Good or bad row” for one of these columns."
        ),
        "preference_data": _(
            "This is preference data. Preferences are not learned yet: only “{chosen}” is learned, and “{rejected}” is left out."
        ),
        "preference_data_without_chosen": _(
            "This is preference data: “{rejected}” holds answers that were not preferred. Preferences are not learned yet."
        ),
        "preference_pairs": _(
            "This is preference data: {columns} hold answers to the same input, and “{winner}” says which one is better. Preferences are not learned yet. To learn the better answers, put the better one of each row into a column “answer”, and leave these out."
        ),
        "program_code_from_prompt": _(
            "“{target}” holds program code, and “{prompt}” is what it is written from."
        ),
        "quality": _("“{column}” says whether a row is good; rows marked as bad are set aside."),
        "quality_values_unclear": _(
            "“{column}” may mark rows as bad, but its values ({values}) say neither good nor bad. All rows are learned. To leave rows out, write “good” or “bad” in this column and upload the file again."
        ),
        "questions_and_answers": _("Most texts in “{first}” are questions, and those in “{second}” are not."),
        "rated": _("“{column}” rates rows by numbers. Rows with a low rating are learned too."),
        "rated_low_half": _(
            "“{column}” rates rows by numbers. Rows with a low rating are learned too. To set aside the lower half of the scale, choose “Good or bad row” for this column."
        ),
        "rated_upper_half": _(
            "“{column}” rates rows by numbers, of which high ones are bad. Rows with a high number are learned too. To set aside the upper half of the scale, choose “Good or bad row” for this column."
        ),
        "repeating_values": _(
            "“{column}” has {values} different short values that repeat, like labels for “{text}”."
        ),
        "repeating_values_of_two_texts": _(
            "“{column}” has {values} different short values that repeat, like labels for “{first}” and “{second}” together."
        ),
        "second_quality_column": _(
            "“{column}” marks rows as bad as well. Only one such column is used, so these rows are learned. Remove them from the file first."
        ),
        "second_text_after_first": _("“{second}” is read after “{first}”, with a blank line between them."),
        "several_answers": _(
            "{columns} hold answers to the same question. Say which of them is to be learned."
        ),
        "several_flags": _(
            "{columns} say yes or no to each “{text}”, so one row may have several labels. Only one can be learned: choose its column, or the text alone."
        ),
        "several_possible_labels": _(
            "Each of {columns} could be the label of “{text}”, or the text alone is to be learned. Say which."
        ),
        "some_not_learnable": _(
            "About {share:.0%} cannot be learned from, mostly for this reason: {reason}."
        ),
        "some_several_labels": _(
            "{rows:,} of {all_rows:,} rows have several labels in “{column}” (such as {examples}). Only one per row can be learned, so these rows are set aside."
        ),
        "some_without_label": _(
            "{rows:,} of {all_rows:,} rows have no label in “{column}” but {marks}. These rows are set aside."
        ),
        "spelled_differently": _(
            "“{column}” spells labels in several ways, such as {spellings}. They are read as one label each."
        ),
        "split_column": _("“{column}” says which rows are for training, validation and testing."),
        "split_values_unknown": _(
            "No value of the column “{column}” names a split; it holds “{value}”, for example. Write train, validation or test in it, or set it to “Not used”."
        ),
        "spreadsheet_errors": _(
            "{rows:,} of {all_rows:,} rows hold a spreadsheet error in “{column}” ({errors}). These rows are set aside."
        ),
        "stand_ins_learned": _(
            "{rows:,} of {all_rows:,} rows hold {values} in “{column}”. These are learned as answers. If they mean “no answer”, empty these cells."
        ),
        "subject_not_read": _(
            "“{subject}” is not read, although replies may depend on it. To learn from it too, write it above the text in “{asked}”."
        ),
        "system_of_conversations": _("“{column}” is read as the system prompt of each conversation."),
        "system_prompt_not_read": _(
            "“{name}” is named like a system prompt. This task does not use system prompts, so it is not read."
        ),
        "too_few_rows_per_label": _(
            "Fewer than two labels in “{column}” have at least two rows each. Add rows, or merge labels."
        ),
        "too_few_single_labels": _(
            "Fewer than two labels stand alone in “{column}”: the other rows have several, and only one per row can be learned. Keep the most important one of each row."
        ),
        "too_many_labels": _(
            "“{column}” holds {labels} different labels; at most {most:,} can be learned. Merge them into fewer labels, or choose another task."
        ),
        "tools": _("“{column}” describes tools. Calling tools is not learned yet."),
        "train_flag_column": _(
            "“{column}” marks the rows that are for training; the other rows are used for testing."
        ),
        "two_languages": _(
            "“{first}” and “{second}” are in different languages; the first is taken as the source."
        ),
        "two_texts_predict": _(
            "Only {read} are used to predict the label, not {left}. At most two texts can be read."
        ),
        "unclear_quality": _(
            "“{column}” says neither good nor bad of some rows ({values}). These rows are learned too."
        ),
    },
)
