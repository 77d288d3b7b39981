"""What a file's columns are, and why."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "proposal",
    {
        "almost_none_learnable": _("Almost no row can be used for training. Most frequent reason: {reason}."),
        "answer_much_shorter": _("“{answer}” is much shorter than “{question}”, like a summary."),
        "answers_are_json": _("“{answer}” contains JSON, which is used for training unchanged."),
        "context_after_prompt": _("“{context}” follows “{prompt}” in the input, after a blank line."),
        "context_not_read": _(
            "“{name}” is not used, although answers may depend on it. Choose a task that uses it, or add its text to the question."
        ),
        "context_of_instruction": _("“{context}” is the text that the instruction refers to."),
        "conversations": _(
            "“{name}” contains conversations: lists of messages from a user and an assistant."
        ),
        "documents": _(
            "“{text}” contains whole documents, as a corpus for pretraining does. Choose text generation instead to publish an app that writes such texts."
        ),
        "doubtful_label": _(
            "“{label}” in “{column}” is used as a label. If it means “no label”, empty these cells."
        ),
        "fold_column": _(
            "“{column}” contains fold numbers: “{test}” is used for testing, “{validation}” for validation, the others for training."
        ),
        "history": _("“{column}” contains earlier turns, which come before the question in the input."),
        "history_without_speakers": _(
            "The name “{name}” suggests earlier turns, but the speakers are not marked, so it is not used. Write “User:” and “Assistant:” before the turns."
        ),
        "joined_label": _(
            "“{label}” in “{column}” combines other labels, and is used as a separate label. If it means several labels, keep only the most important one in each row."
        ),
        "label_has_one_value": _(
            "“{column}” contains only one value ({values}). A label needs at least two different values."
        ),
        "label_mostly_empty": _(
            "“{column}” is filled in only {filled:,} of {rows:,} rows, too few for labels."
        ),
        "label_nested": _(
            "“{column}” contains nested values, such as annotated spans of a text. Only one label for the whole text is supported."
        ),
        "label_rarely_repeats": _n(
            "“{column}” contains {values} different value in {filled:,} rows. A label must occur at least three times on average.",
            "“{column}” contains {values} different values in {filled:,} rows. A label must occur at least three times on average.",
            "values",
        ),
        "longest_text": _("“{text}” contains the longest texts."),
        "marks_of_places": _(
            "“{column}” annotates spans of “{text}”, which is not supported. Add a column with one label per text, or train on the text alone."
        ),
        "mask_fits_no_messages": _(
            "“{column}” marks the parts of a row to train on. It matches no list of messages, so it is ignored and all parts are used."
        ),
        "meaning_address": _("a web address"),
        "meaning_author": _("the author"),
        "meaning_choice": _("one of several possible answers"),
        "meaning_choices": _("possible answers"),
        "meaning_code": _("program code"),
        "meaning_context": _("a text that other columns may refer to"),
        "meaning_conversations": _("whole conversations"),
        "meaning_empty": _("empty in every row"),
        "meaning_history": _("earlier turns of the conversation"),
        "meaning_identifier": _("an identifier"),
        "meaning_instruction": _("an instruction"),
        "meaning_language": _("the name of a language"),
        "meaning_licence": _("a licence"),
        "meaning_media": _("images or sound; only text is supported"),
        "meaning_mostly_empty": _("filled in only a few rows"),
        "meaning_nested": _("nested values"),
        "meaning_numbers": _("numbers, addresses or identifiers"),
        "meaning_one_value": _("one short value"),
        "meaning_other_answer": _("another answer"),
        "meaning_other_label": _("another label"),
        "meaning_other_language": _("text in another language"),
        "meaning_rating": _("a rating"),
        "meaning_reasoning": _("reasoning before the answer"),
        "meaning_rejected": _("answers that were not preferred"),
        "meaning_repeating_values": _("short values that repeat"),
        "meaning_short_values": _("short values"),
        "meaning_source": _("the source of the row"),
        "meaning_split": _("the split of the row"),
        "meaning_summary": _("a summary"),
        "meaning_system_prompt": _("a system prompt"),
        "meaning_text": _("another text"),
        "meaning_time": _("a date or time"),
        "meaning_title": _("a title"),
        "meaning_tools": _("tool descriptions; tool calls are not supported yet"),
        "meaning_weights": _("row weights: rows with the weight 0 are rejected, other weights are ignored"),
        "messages_and_answer": _(
            "“{asking}” contains the messages up to a question, and “{answering}” the answer to it."
        ),
        "more_quality_columns": _(
            "{columns} mark rows as bad as well. Only one such column is supported, so these rows are used for training. Remove them from the file first."
        ),
        "much_shorter": _("“{short}” is much shorter than “{long}”, like a summary."),
        "multiple_choice": _(
            "This is multiple-choice data, with the possible answers in {columns}. Multiple choice is not supported yet. To train on the answers, put the text of each right answer into a column “answer”, and leave these columns out."
        ),
        "named_in_two_languages": _(
            "The names “{question}” and “{answer}” suggest an input and its output, in different languages."
        ),
        "named_input_output": _("The names “{text}” and “{answer}” suggest an input and its output."),
        "named_instruction": _("The names “{asked}” and “{answer}” suggest an instruction and its answer."),
        "named_languages": _(
            "“{source}” and “{target}” are named after languages. The first is the source language."
        ),
        "named_question_answer": _(
            "The names “{question}” and “{answer}” suggest a question and its answer."
        ),
        "named_question_answer_context": _(
            "The names “{question}” and “{answer}” suggest a question and its answer, and “{context}” a text that contains the answer."
        ),
        "named_question_output": _("The names “{question}” and “{answer}” suggest an input and its output."),
        "named_reply": _("The names “{mail}” and “{reply}” suggest a message and its reply."),
        "named_rewording": _("The name “{rewritten}” suggests a rewording of “{text}”."),
        "named_summary": _(
            "The name “{target}” suggests a summary. Its texts have {ratio:.0%} of the length of “{text}”."
        ),
        "named_system_prompt": _("The name “{column}” suggests a system prompt."),
        "named_translation": _("The names “{text}” and “{translated}” suggest a text and its translation."),
        "nearly_all_several_labels": _(
            "Nearly all rows have several labels in “{column}”, and only one label per row is supported. Keep only the most important one in each row."
        ),
        "nothing_clear": _(
            "No column is clearly a question, an answer or a label. Choose a task, and set the roles of the columns."
        ),
        "numbers_as_label": _(
            "“{column}” contains numbers, such as {example}. Numbers cannot be predicted. Replace them by labels, such as low and high, or train on “{text}” alone."
        ),
        "one_possible_label": _(
            "“{column}” may be the label of “{text}”, or the text may be used alone. Choose a task."
        ),
        "one_text_predicts": _(
            "Only {read} is used to predict the label, not {left}. If the label depends on that text, mark it as the second text."
        ),
        "only_rejected_answers": _(
            "“{column}” contains answers that were not preferred, and no column contains better ones. Choose the column to train on."
        ),
        "only_text": _("“{text}” is the only column with running text."),
        "other_answers": _(
            "“{column}” contains other answers to the same question. Only “{target}” is used for training."
        ),
        "other_possible_label": _("“{column}” may be the label as well."),
        "parts_of_a_test_set": _(
            "“{column}” contains parts of a test set ({parts}) and no rows for training. It is not used as the split."
        ),
        "possible_quality_column": _(
            "“{column}” may mark bad rows. It is ignored, so all rows are used for training. To reject the bad rows, choose “Good or bad row” for this column."
        ),
        "possible_quality_columns": _(
            "{columns} may mark bad rows. They are ignored, so all rows are used for training. To reject the bad rows, choose “Good or bad row” for one of these columns."
        ),
        "preference_data": _(
            "“{rejected}” contains worse answers than “{chosen}”, and is not used. To train on preferences, choose the task Chat or Instructions, and “Rejected answer” for this column."
        ),
        "preference_data_without_chosen": _(
            "“{rejected}” contains answers that were not preferred, and is not used. To train on preferences, the better answers must be in another column."
        ),
        "preference_pairs": _(
            "This is preference data: {columns} contain answers to the same input, and “{winner}” marks the better one. Put the better answer of each row into a column “chosen” and the other one into a column “rejected”, and leave these columns out."
        ),
        "preferences": _(
            "This is preference data: “{chosen}” contains the better answers and “{rejected}” worse ones. A model can be trained to prefer the better answers, or on the better answers alone."
        ),
        "program_code_from_prompt": _("“{target}” contains program code, and “{prompt}” its description."),
        "quality": _("“{column}” marks rows as good or bad. Bad rows are rejected."),
        "quality_values_unclear": _(
            "“{column}” may mark bad rows, but its values ({values}) mean neither good nor bad. All rows are used for training. To exclude rows, write “good” or “bad” in this column and upload the file again."
        ),
        "questions_and_answers": _("Most texts in “{first}” are questions, and those in “{second}” are not."),
        "rated": _("“{column}” contains ratings of rows. Rows with a low rating are used for training too."),
        "rated_low_half": _(
            "“{column}” contains ratings of rows. Rows with a low rating are used for training too. To reject the lower half of the scale, choose “Good or bad row” for this column."
        ),
        "rated_upper_half": _(
            "“{column}” contains ratings of rows, where high numbers are bad. Rows with a high number are used for training too. To reject the upper half of the scale, choose “Good or bad row” for this column."
        ),
        "rated_answers": _(
            "“{column}” rates each answer as good or bad, as in data for KTO. A model can be trained on both, or on the good answers alone."
        ),
        "repeating_values": _(
            "“{column}” has {values} different short values that repeat, like labels for “{text}”."
        ),
        "repeating_values_of_two_texts": _(
            "“{column}” has {values} different short values that repeat, like labels for “{first}” and “{second}” together."
        ),
        "second_quality_column": _(
            "“{column}” marks rows as bad as well. Only one such column is supported, so these rows are used for training. Remove them from the file first."
        ),
        "second_text_after_first": _("“{second}” follows “{first}” in the input, after a blank line."),
        "several_answers": _(
            "{columns} contain answers to the same question. Choose the column to train on."
        ),
        "several_flags": _(
            "{columns} contain yes or no for each “{text}”, so one row may have several labels. Only one label per row is supported. Choose one of these columns, or train on the text alone."
        ),
        "several_possible_labels": _(
            "Each of {columns} may be the label of “{text}”, or the text may be used alone. Choose the task and the label."
        ),
        "some_not_learnable": _(
            "About {share:.0%} of the rows cannot be used for training. Most frequent reason: {reason}."
        ),
        "some_several_labels": _(
            "Rows with several labels in “{column}” (such as {examples}): {rows:,} of {all_rows:,}. Only one label per row is supported, so these rows are rejected."
        ),
        "some_without_label": _(
            "Rows with {marks} instead of a label in “{column}”: {rows:,} of {all_rows:,}. These rows are rejected."
        ),
        "spelled_differently": _(
            "Labels in “{column}” are spelled in several ways, such as {spellings}. All spellings of a label are treated as the same label."
        ),
        "split_column": _("“{column}” marks rows for training, validation and testing."),
        "split_values_unknown": _(
            "No value of the column “{column}” names a split, for example “{value}”. Use the values train, validation and test, or set the column to “Not used”."
        ),
        "spreadsheet_errors": _(
            "Rows with a spreadsheet error in “{column}” ({errors}): {rows:,} of {all_rows:,}. These rows are rejected."
        ),
        "stand_ins_learned": _(
            "Rows with {values} in “{column}”: {rows:,} of {all_rows:,}. These values are used as answers. If they mean “no answer”, empty these cells."
        ),
        "subject_not_read": _(
            "“{subject}” is not used, although replies may depend on it. To use it for training, write it above the text in “{asked}”."
        ),
        "system_of_conversations": _("“{column}” is used as the system prompt of each conversation."),
        "system_prompt_not_read": _(
            "The name “{name}” suggests a system prompt. This task does not support system prompts, so the column is not used."
        ),
        "too_few_rows_per_label": _(
            "Fewer than two labels in “{column}” have at least two rows each. Add rows, or merge labels."
        ),
        "too_few_single_labels": _(
            "Fewer than two labels in “{column}” occur alone in a row. The other rows have several, and only one label per row is supported. Keep only the most important one in each row."
        ),
        "too_many_labels": _(
            "“{column}” contains {labels} different labels, and the limit is {most:,}. Merge some labels, or choose another task."
        ),
        "tools": _("“{column}” contains tool descriptions. Tool calls are not supported yet."),
        "train_flag_column": _(
            "“{column}” marks the rows for training. The other rows are used for testing."
        ),
        "two_languages": _(
            "“{first}” and “{second}” are in different languages. The first is the source language."
        ),
        "two_texts_predict": _(
            "Only {read} are used to predict the label, not {left}. At most two texts are supported."
        ),
        "unclear_quality": _(
            "Some values of “{column}” mean neither good nor bad ({values}). These rows are used for training too."
        ),
    },
)
