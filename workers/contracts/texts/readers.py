"""How the formats of files were read."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "readers",
    {
        "above_first_question": _("The line is above the first question"),
        "above_header": _("The line is above the table header"),
        "after_the_document": _("Comes after the end of the JSON document"),
        "argilla": _("This is an Argilla export. Each record became a row. Discarded records have no label."),
        "argilla_first_response": _(
            "This is an Argilla export. Each record became a row with its first response."
        ),
        "binary_column_left_out": _(
            "The column {column} was skipped because it contains binary data, such as images or sound."
        ),
        "binary_columns_left_out": _(
            "{count} columns were skipped because they contain binary data, such as images or sound: {columns}."
        ),
        "chatgpt": _("This is a ChatGPT export. Each conversation became a row."),
        "column_by_column": _("The file stores a table column by column."),
        "columns_numbered": _("The first line looks like data, so the columns were numbered."),
        "file_incomplete": _(
            "The file is incomplete: it ends before its list is closed. Only the rows before that point were read."
        ),
        "formulas_without_value": _n(
            "{cells:,} cell contains a formula without a computed value and was read as empty. Open the workbook in Excel, save it, then upload it again.",
            "{cells:,} cells contain formulas without a computed value and were read as empty. Open the workbook in Excel, save it, then upload it again.",
            "cells",
        ),
        "fullest_sheet_read": _("The workbook has {sheets} sheets. Only the fullest, “{sheet}”, was read."),
        "hidden_rows_read": _("Hidden rows of the workbook were read too: {rows:,}."),
        "hidden_sheets": _("Hidden sheets are not read: {sheets}."),
        "intents": _("Each pattern became a row, with the tag of its intent as the label."),
        "item_never_ends": _("The item never ends: a bracket or quotation mark is not closed"),
        "item_too_long": _("The item is longer than {most:,} characters"),
        "items_of_a_list": _(
            "Each item of “{list}” became a row. The other fields of the item are copied to each row."
        ),
        "items_with_input_and_output": _(
            "Each item contains one input and one output. They became a question and its answer."
        ),
        "items_with_tables": _("Each item contains a table. The rows of the tables were read."),
        "json_invalid": _("Not valid JSON: {error} (character {character})"),
        "json_number_too_long": _("The JSON contains a number with too many digits"),
        "json_quotes": _("Not valid JSON: names and texts must be in double quotes"),
        "json_too_deep": _("The JSON is nested too deeply"),
        "kili": _("This is a Kili export. Each text became a row with its categories."),
        "kind_boolean": _("true or false"),
        "kind_null": "null",
        "kind_number": _("a number"),
        "kind_old_office": _("an old Office document without a readable sheet"),
        "kind_open_document": _("an OpenDocument text, drawing or presentation"),
        "label_studio": _("This is a Label Studio export. Each task became a row with the chosen values."),
        "labelbox": _("This is a Labelbox export. Each data row became a row with its classifications."),
        "line_too_long": _("The line is longer than {most:,} characters"),
        "list_never_closed": _(
            "The file ends in the middle: its list is never closed, so rows are missing after this one"
        ),
        "list_not_an_object": _("This is a list, not an object with named fields"),
        "list_read": _("The rows were read from the list {list}."),
        "lists_read": _("The rows were read from these lists: {lists}."),
        "more_tables": _("The file contains more tables, which were not read: {tables}."),
        "not_an_object": _("This is {kind}, not an object with named fields"),
        "number_formats_not_read": _(
            "Number formats are not read from .xls and .xlsb workbooks: 12.5 % is read as 0.125. Save the workbook as .xlsx to read numbers as they are shown."
        ),
        "one_cell_fewer": _(
            "Some rows have one cell fewer than the header. The last column is empty in these rows."
        ),
        "one_cell_more": _(
            "The rows have one cell more than the header. The names were assigned from the left, and the last column got a number."
        ),
        "one_long_line": _("The document is one long line, so its rows are numbered instead."),
        "only_a_header": _("This file has a header but no rows. Add rows below it, then upload it again."),
        "only_binary_columns": _(
            "Every column of this file contains binary data, such as images or sound. Add a column with text."
        ),
        "prodigy": _(
            "This is a Prodigy export. Each text became a row with the accepted options as its label."
        ),
        "question_without_answer": _("This question has no answer below it"),
        "questions_with_answer": _("Each question of “{list}” became a row, with “{answer}” as its answer."),
        "questions_with_paragraph": _(
            "Each question became a row, with its paragraph as the context and its first answer as the output."
        ),
        "questions_with_story": _("Each question became a row, with its story as the context."),
        "quote_not_closed": _("A quotation mark in this line is never closed"),
        "quote_not_doubled": _('A quotation mark inside a quoted cell is not doubled (write "" for one)'),
        "quotes_do_not_match": _(
            "The quotation marks in this file do not match, for example in line {line}. Save it again as CSV in your spreadsheet program, or as Excel or JSONL."
        ),
        "row_named_differently": _("The columns name this row differently: {keys}"),
        "rows_are_lists": _("The rows are lists without names, so the columns were numbered."),
        "rows_inside_items": _("The rows were read from “{list}” of each item."),
        "schema_org_questions": _(
            "This is a list of questions in the schema.org format. Each question became a row with its accepted answer."
        ),
        "sheet_chosen": _n(
            "The workbook has {sheets} sheet. “{sheet}” was read.",
            "The workbook has {sheets} sheets. Only “{sheet}” was read.",
            "sheets",
        ),
        "sheet_empty": _("The sheet “{sheet}” is empty. Choose another one."),
        "sheet_has_only_a_header": _("This sheet has a header but no rows. Add rows below it."),
        "sheet_hidden": _("The sheet “{sheet}” is hidden in the workbook."),
        "sheets_of_texts": _(
            "Each sheet has one column of texts, and only “{sheet}” was read. If the sheets are named after labels, such as “{other}”, put all texts into one sheet, with the label in a second column."
        ),
        "splits_read": _("The rows were read from these splits: {splits}."),
        "splits_without_table": _("Splits without a table were skipped: {splits}."),
        "struck_through": _("The row is struck through in the workbook"),
        "table_file_unreadable": _(
            "This {kind} file cannot be read ({error}). Save it again without encryption, then upload it."
        ),
        "text_by_conversation": _("Read as plain text, one row per conversation."),
        "text_by_heading": _(
            "Read as plain text. Each heading is a question, and the text below it is the answer."
        ),
        "text_by_line": _("Read as plain text, one row per line."),
        "text_by_paragraph": _("Read as plain text, one row per paragraph."),
        "texts_under_labels": _("The file lists texts under their labels, so each text became a row."),
        "texts_under_names": _("Each name in the file became a row, together with the text below it."),
        "texts_with_label": _("Each text of “{list}” became a row, with “{label}” as its label."),
        "too_many_columns": _(
            "This file has {columns:,} columns, and the limit is {most:,}. Keep the columns with the texts, and remove the others."
        ),
        "transposed": _("The column names are in the first column, so the table was transposed."),
        "unquoted_commas": _(
            "Some rows have more commas than columns. A comma with a space after it was read as part of the text."
        ),
        "vertex_ai": _("This is a Vertex AI export. Each text became a row with its label."),
        "whatsapp_chat": _(
            "This is a WhatsApp chat. “{user}” is treated as the user, and “{assistant}” as the assistant, whose replies are used for training. To swap them, replace the names in the file by “User” and “Assistant”."
        ),
        "whatsapp_group": _(
            "This is a WhatsApp chat of {people} people, so it is unclear which message answers which. Each message became a row."
        ),
        "workbook_empty": _("All sheets of this workbook are empty. Fill one in, then upload it again."),
        "workbook_has_password": _(
            "This workbook is protected by a password. Remove the password in Excel, then upload it again."
        ),
        "workbook_unreadable": _(
            "This workbook cannot be read ({error}). Save it again in Excel, or as CSV."
        ),
        "wrong_cell_count": _("Wrong number of cells: {cells} instead of {columns}"),
        "wrong_value_count": _("Wrong number of values: {values} instead of {columns}"),
        "xml_document_type": _("it declares a document type"),
        "xml_part_missing": _("its part {part} is missing"),
    },
)
