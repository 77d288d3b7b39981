"""What an uploaded file is, and how it was opened."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "files",
    {
        "accepted_formats": _("Upload a CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel or plain text file."),
        "address_empty": _("The file at this address is empty."),
        "address_refused": _(
            "The studio is not allowed to open this address. Use a public http or https address, or ask an administrator to allow this one."
        ),
        "advice_unpack": _("Unpack it and upload the file inside."),
        "archive_damaged": _(
            "This {name} file is damaged or ends too early ({error}). Pack it again, then upload it."
        ),
        "archive_has_password": _(
            "This zip archive is protected by a password. Pack it again without one, then upload it."
        ),
        "archive_of_documents": _n(
            "The archive contains {files:,} text file. It was read as a document.",
            "The archive contains {files:,} text files. Each was read as a document.",
            "files",
        ),
        "archive_of_texts_by_label": _n(
            "The archive contains {files:,} text file in a folder. The file became a row, with its folder as the label.",
            "The archive contains {files:,} text files in folders. Each file became a row, with its folder as the label.",
            "files",
        ),
        "archive_parts_joined": _(
            "The archive contains {parts} parts of one table, from “{first}” to “{last}”. They were merged."
        ),
        "archive_with_several_files": _("The archive contains {files} data files. Only “{name}” was read."),
        "archive_without_data": _(
            "This zip archive contains no data file. Add a CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel or text file to it."
        ),
        "blank": _("This file contains only white space. Upload a file with rows."),
        "cell_too_large": _("The cell is too large ({bytes:,} of at most {most:,} bytes)"),
        "damaged_workbook": _(
            "This file is a damaged Excel workbook or zip archive. Save it again, then upload it again."
        ),
        "documents_divided": _n(
            "{documents:,} long document was divided into several rows.",
            "{documents:,} long documents were divided into several rows.",
            "documents",
        ),
        "empty": _("This file is empty. {advice}"),
        "encoded_twice": _n(
            "{cells} cell was encoded twice (“{example}”) and was repaired.",
            "{cells} cells were encoded twice, such as “{example}”, and were repaired.",
            "cells",
        ),
        "encoded_twice_with_choice": _n(
            "{cells} cell was encoded twice (“{example}”) and was repaired. To read it unchanged, choose “{encoding}” as the encoding.",
            "{cells} cells were encoded twice, such as “{example}”, and were repaired. To read them unchanged, choose “{encoding}” as the encoding.",
            "cells",
        ),
        "field_problem": _("{field}: {problem}"),
        "field_name_has_nul": _("The field name contains a NUL character"),
        "field_name_has_surrogate": _(
            "The field name contains half of a Unicode character (a lone surrogate)"
        ),
        "field_name_too_long": _("The field name is longer than 500 characters"),
        "has_nul": _("Contains a NUL byte"),
        "has_surrogate": _("Contains half of a Unicode character (a lone surrogate)"),
        "held_out_not_read": _(
            "Not read, because the name suggests test or validation data: {parts}. Import this data separately, and choose “Use for testing only”."
        ),
        "invalid_bytes": _("Contains bytes that are not valid {encoding}"),
        "kind_7z": _("a 7-Zip archive"),
        "kind_audio": _("an audio file"),
        "kind_avro": _("an Avro file"),
        "kind_binary": _("a binary file"),
        "kind_bmp": _("a BMP image"),
        "kind_conll": _("a list of words with a label each (CoNLL)"),
        "kind_executable": _("an executable program"),
        "kind_feather_1": _("a Feather file of version 1"),
        "kind_gif": _("a GIF image"),
        "kind_html": _("a web page (HTML)"),
        "kind_jpeg": _("a JPEG image"),
        "kind_media": _("a media file"),
        "kind_nested_gzip": _("a gzip archive inside another one"),
        "kind_nested_xz": _("an xz archive inside another one"),
        "kind_nested_zstandard": _("a Zstandard archive inside another one"),
        "kind_numpy": _("a NumPy array"),
        "kind_orc": _("an ORC file"),
        "kind_pdf": _("a PDF document"),
        "kind_png": _("a PNG image"),
        "kind_po": _("a gettext catalogue (PO)"),
        "kind_powerpoint": _("a PowerPoint presentation"),
        "kind_rar": _("a RAR archive"),
        "kind_rtf": _("a rich text (RTF) document"),
        "kind_sqlite": _("a SQLite database"),
        "kind_tar": _("a tar archive"),
        "kind_tiff": _("a TIFF image"),
        "kind_video": _("a video or audio file"),
        "kind_word": _("a Word document"),
        "kind_xml": _("an XML document"),
        "kind_yaml": _("a YAML document"),
        "kind_zip": _("a zip archive"),
        "maybe_encoded_twice": _n(
            "{cells} cell was possibly encoded twice (“{example}”). It was read unchanged.",
            "{cells} cells were possibly encoded twice, such as “{example}”. They were read unchanged.",
            "cells",
        ),
        "gigabytes": _("{size:g} GB"),
        "megabytes": _("{size} MB"),
        "mixed_encodings": _n(
            "{lines:,} line is not valid UTF-8 and was read as Windows-1252. Check its accented characters.",
            "{lines:,} lines are not valid UTF-8 and were read as Windows-1252. Check their accented characters.",
            "lines",
        ),
        "no_rows": _("This file contains no rows. Add rows, then upload it again."),
        "no_usable_rows": _n(
            "The only row in this file cannot be used. The problem is in line {line}: {reason}. Fix the file, then upload it again.",
            "None of the {rows:,} rows in this file can be used. The first problem is in line {line}: {reason}. Fix the file, then upload it again.",
            "rows",
        ),
        "not_a_table": _("This is {kind}, not a table. {advice}"),
        "one_object": _(
            "The whole file is a single object, so it became one row. Write one object per example, in a list or one per line."
        ),
        "one_part_read": _(
            "Only “{part}” was read. Not read, with the same columns: {others}. To use all rows, merge them into one table."
        ),
        "parts_joined": _("Parts with the same columns were merged, with their names as splits: {parts}."),
        "parts_joined_and_more": _(
            "Parts with the same columns were merged, with their names as splits: {parts} and {more} more."
        ),
        "phase_checking": _("checking the file"),
        "phase_counting": _("counting rows"),
        "phase_fetching": _("fetching the file"),
        "phase_reading": _("reading the file"),
        "phase_unpacking": _("unpacking the file"),
        "quiz": _(
            "This is a multiple-choice quiz ({format}), which is not supported yet. To train on the answers, upload a table with the columns “question” and “answer”, with the text of each right answer."
        ),
        "redirect_to_http": _("it redirects from https to http"),
        "row_empty": _("All cells are empty"),
        "site_compresses": _("The site sends this file compressed."),
        "site_status": _("The site answered with status {status} instead of the file."),
        "site_too_slow": _("The site is too slow. Download the file yourself, then upload it."),
        "site_unreachable": _(
            "No server responds at this address. Check the address in a browser, then try again."
        ),
        "storage_full": _(
            "This file is larger than the workspace's free storage. Delete data or models that are no longer needed."
        ),
        "subtitles": _(
            "This is a subtitle file, with line breaks made for the screen. Upload only its text, with one paragraph per passage."
        ),
        "too_large": _(
            "This file is larger than the limit of {megabytes} MB. Split it, or ask an administrator to raise the limit."
        ),
        "too_many_redirects": _n(
            "it redirects more than {most} time", "it redirects more than {most} times", "most"
        ),
        "too_many_rows": _(
            "This file has more rows than the limit of {rows:,}. Split it, or ask an administrator to raise IMPORT_MAX_ROWS."
        ),
        "unpacked": _("The file was unpacked from {name}."),
        "unpacked_too_large": _(
            "Unpacked, this file is larger than the limit of {size}. Split it, or ask an administrator to raise IMPORT_MAX_UNPACKED_MB."
        ),
        "wrong_encoding": _("This file is not encoded in {encoding}. Choose another encoding."),
    },
)
