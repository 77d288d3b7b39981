"""How the formats of files were read."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "readers",
    {
        "above_first_question": _("This line is above the first question"),
        "above_header": _("This line is above the table's header"),
        "after_the_document": _("Stands after the end of the JSON document"),
        "argilla": _("This is an export of Argilla: each record became a row; discarded ones have no label."),
        "argilla_first_response": _(
            "This is an export of Argilla: each record became a row with its first response."
        ),
        "binary_column_left_out": _(
            "The column {column} holds binary data, such as images or sound, so it was left out."
        ),
        "binary_columns_left_out": _(
            "{count} columns hold binary data, such as images or sound, so they were left out: {columns}."
        ),
        "chatgpt": _("This is an export of ChatGPT: each conversation became a row."),
        "column_by_column": _("The file holds a table column by column."),
        "columns_numbered": _("The first line looks like data, so the columns were numbered."),
        "file_incomplete": _(
            "The file is incomplete: it ends before its list is closed. Only the rows up to there were read."
        ),
        "formulas_without_value": _(
            "{cells:,} cells hold formulas without a computed value, and were read as empty. Open the workbook in Excel, save it, then upload it again."
        ),
        "fullest_sheet_read": _("The workbook has {sheets} sheets; “{sheet}”, the fullest, was read."),
        "hidden_rows_read": _("Rows that are hidden in the workbook were read too: {rows:,}."),
        "hidden_sheets": _("Hidden sheets are not read: {sheets}."),
        "intents": _("Each pattern became a row, with the tag of its intent as label."),
        "item_never_ends": _("The item never ends: a bracket or quotation mark is not closed"),
        "item_too_long": _("The item is longer than {most:,} characters"),
        "items_of_a_list": _(
            "Each item of “{list}” became a row. The other fields of the item are copied to each row."
        ),
        "items_with_input_and_output": _(
            "Each item holds one input and one output. They became a question and its answer."
        ),
        "items_with_tables": _("Each item holds a table; its rows were read."),
        "json_invalid": _("Not valid JSON: {error} (character {character})"),
        "json_number_too_long": _("The JSON holds a number with too many digits"),
        "json_quotes": _("Not valid JSON: names and texts must stand in double quotes"),
        "json_too_deep": _("The JSON is nested too deeply"),
        "kili": _("This is an export of Kili: each text became a row with its categories."),
        "kind_boolean": _("true or false"),
        "kind_null": "null",
        "kind_number": _("a number"),
        "kind_old_office": _("an old Office document that holds no readable sheet"),
        "kind_open_document": _("an OpenDocument text, drawing or presentation"),
        "label_studio": _("This is an export of Label Studio: each task became a row with what was chosen."),
        "labelbox": _("This is an export of Labelbox: each data row became a row with its classifications."),
        "line_too_long": _("The line is longer than {most:,} characters"),
        "list_never_closed": _(
            "The file ends in the middle: its list is never closed, so rows are missing after this one"
        ),
        "list_not_an_object": _("This is a list, not an object with named fields"),
        "list_read": _("Rows were read from the list {list}."),
        "lists_read": _("Rows were read from the list {lists}."),
        "more_tables": _("The file holds more tables, which were not read: {tables}."),
        "not_an_object": _("This is {kind}, not an object with named fields"),
        "number_formats_not_read": _(
            "Number formats are not read from .xls and .xlsb workbooks: 12.5 % is read as 0.125. Save the workbook as .xlsx to read numbers as they are shown."
        ),
        "one_cell_fewer": _(
            "Some rows have one cell fewer than the header has names. The last column is empty in these rows."
        ),
        "one_cell_more": _(
            "The rows have one cell more than the header has names. The names were used from the left, and the last column got a number."
        ),
        "one_long_line": _("The document is one long line, so its rows are numbered instead."),
        "only_a_header": _("This file has a header but no rows. Add rows below it, then upload it again."),
        "only_binary_columns": _(
            "Every column of this file holds binary data, such as images or sound. Add a column with text."
        ),
        "prodigy": _(
            "This is an export of Prodigy: each text became a row with the accepted options as its label."
        ),
        "question_without_answer": _("This question has no answer below it"),
        "questions_with_answer": _("Each question of “{list}” became a row, with “{answer}” as its answer."),
        "questions_with_paragraph": _(
            "Each question became a row, with its paragraph as context and its first answer."
        ),
        "questions_with_story": _("Each question became a row, with its story as context."),
        "quote_not_closed": _("A quotation mark is opened in this line and never closed"),
        "quote_not_doubled": _('A quotation mark inside a quoted cell is not doubled (write "" for one)'),
        "quotes_do_not_match": _(
            "Quotation marks in this file do not match, for instance in line {line}. Save it again as CSV from your spreadsheet program, or as Excel or JSONL."
        ),
        "row_named_differently": _("The columns name this row differently: {keys}"),
        "rows_are_lists": _("The rows are lists without names, so the columns were numbered."),
        "rows_inside_items": _("The rows were read from “{list}” of each item."),
        "schema_org_questions": _(
            "This is a list of questions as schema.org has them: each question became a row with its accepted answer."
        ),
        "sheet_chosen": _("The workbook has {sheets} sheets; “{sheet}” was read."),
        "sheet_empty": _("The sheet “{sheet}” holds no cells. Choose another one."),
        "sheet_has_only_a_header": _("This sheet has a header but no rows. Add rows below it."),
        "sheet_hidden": _("The sheet “{sheet}” is hidden in the workbook."),
        "sheets_of_texts": _(
            "Each sheet has one column of texts, and only “{sheet}” was read. If the sheets are named after labels, such as “{other}”, put all texts into one sheet, with their label in a second column."
        ),
        "splits_read": _("Rows were read from the splits {splits}."),
        "splits_without_table": _("Splits without a table were left out: {splits}."),
        "struck_through": _("The row is struck through in the workbook"),
        "table_file_unreadable": _(
            "This {kind} file cannot be read ({error}). Write it again, without encryption, then upload it."
        ),
        "text_by_conversation": _("Read as plain text, one row per conversation."),
        "text_by_heading": _(
            "Read as plain text: each heading is a question, and what stands below it the answer."
        ),
        "text_by_line": _("Read as plain text, one row per line."),
        "text_by_paragraph": _("Read as plain text, one row per paragraph."),
        "texts_under_labels": _("The file lists texts under their labels, so each text became a row."),
        "texts_under_names": _("Each name in the file, with the text that stands under it, became a row."),
        "texts_with_label": _("Each text of “{list}” became a row, with “{label}” as its label."),
        "too_many_columns": _(
            "This file has {columns:,} columns; at most {most:,} can be read. Keep the columns with the texts, and remove the others."
        ),
        "transposed": _("The column names are in the first column, so the table was transposed."),
        "unquoted_commas": _(
            "Some rows have more commas than columns. A comma with a space after it was read as part of the text."
        ),
        "vertex_ai": _("This is an export of Vertex AI: each text became a row with its label."),
        "whatsapp_chat": _(
            "This is a WhatsApp chat: “{user}” is read as the user, and “{assistant}” as the assistant, whose replies are learned. If it is the other way round, replace the names by “User” and “Assistant” in the file."
        ),
        "whatsapp_group": _(
            "This is a WhatsApp chat of {people} people, so it is not clear who answers whom. Each message became a row."
        ),
        "workbook_empty": _("No sheet of this workbook holds any cells. Fill one in, then upload it again."),
        "workbook_has_password": _(
            "This workbook is protected by a password. Remove the password in Excel, then upload it again."
        ),
        "workbook_unreadable": _(
            "This workbook cannot be read ({error}). Save it again in Excel, or as CSV."
        ),
        "wrong_cell_count": _(
            "This row has a different number of cells ({cells}) than the table has columns ({columns})"
        ),
        "wrong_value_count": _(
            "This row has a different number of values ({values}) than the table has columns ({columns})"
        ),
        "xml_document_type": _("it declares a document type"),
        "xml_part_missing": _("its part {part} is missing"),
    },
)
