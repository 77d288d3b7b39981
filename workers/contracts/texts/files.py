"""What an uploaded file is, and how it was opened."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "files",
    {
        "accepted_formats": _("Upload a CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel or plain text file."),
        "address_empty": _("The address gives an empty file."),
        "address_refused": _(
            "The studio may not open this address. Use a public http or https address, or ask an administrator to allow this one."
        ),
        "advice_unpack": _("Unpack it and upload the file inside."),
        "archive_damaged": _(
            "This {name} file is damaged or ends too early ({error}). Pack it again, then upload it."
        ),
        "archive_has_password": _(
            "This zip archive is protected by a password. Pack it again without one, then upload it."
        ),
        "archive_of_texts_by_label": _(
            "The archive holds {files:,} text files in folders. Each file became a row, and its folder the label."
        ),
        "archive_parts_joined": _(
            "The archive holds {parts} parts of one table, from “{first}” to “{last}”. They were read together."
        ),
        "archive_with_several_files": _("The archive holds {files} data files; “{name}” was read."),
        "archive_without_data": _(
            "This zip archive holds no data file. Put a CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel or text file into it."
        ),
        "blank": _("This file holds only white space. Upload one with rows."),
        "cell_too_large": _("The cell has {bytes:,} bytes; at most {most:,} are kept"),
        "damaged_workbook": _(
            "This file is a damaged Excel workbook or zip archive. Save it again, then upload it again."
        ),
        "empty": _("This file is empty. {advice}"),
        "encoded_twice": _("{cells} cells were encoded twice, such as “{example}”, and were repaired."),
        "encoded_twice_with_choice": _(
            "{cells} cells were encoded twice, such as “{example}”, and were repaired. To read them as they are, choose “{encoding}” as the encoding."
        ),
        "field_problem": _("{field}: {problem}"),
        "field_name_has_nul": _("The field's name holds a NUL character"),
        "field_name_has_surrogate": _("The field's name holds half a Unicode character"),
        "field_name_too_long": _("The field's name is longer than 500 characters"),
        "has_nul": _("Holds a NUL byte"),
        "has_surrogate": _("Holds half a Unicode character (a lone surrogate)"),
        "held_out_not_read": _(
            "Not read: {parts}, named like test or validation data. Import it separately, and choose “Use for testing only”."
        ),
        "invalid_bytes": _("Holds bytes that are not valid {encoding}"),
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
        "maybe_encoded_twice": _(
            "{cells} cells look as if they were encoded twice, such as “{example}”. They were read as they are."
        ),
        "gigabytes": _("{size:g} GB"),
        "megabytes": _("{size} MB"),
        "mixed_encodings": _(
            "{lines:,} lines are not valid UTF-8, as the others are, and were read as Windows-1252. Check that their accents are right."
        ),
        "no_rows": _("No rows were found in this file. Add some, then upload it again."),
        "no_usable_rows": _(
            "None of the {rows:,} rows in this file can be used. The first problem is in line {line}: {reason}. Fix the file, then upload it again."
        ),
        "not_a_table": _("This is {kind}, not a table. {advice}"),
        "one_object": _(
            "The whole file is one object, so it became one row. Write an object for each example: a list of them, or one in each line."
        ),
        "one_part_read": _(
            "Only “{part}” was read. The same columns are in {others}. To use all rows, put them into one table."
        ),
        "parts_joined": _(
            "Parts with the same columns were read together, with their names as splits: {parts}."
        ),
        "parts_joined_and_more": _(
            "Parts with the same columns were read together, with their names as splits: {parts} and {more} more."
        ),
        "phase_checking": _("checking the file"),
        "phase_counting": _("counting rows"),
        "phase_fetching": _("fetching the file"),
        "phase_reading": _("reading the file"),
        "phase_unpacking": _("unpacking the file"),
        "quiz": _(
            "This is a multiple-choice quiz ({format}). Choosing is not learned yet. To learn the answers, upload a table with the columns “question” and “answer”, with the text of each right answer."
        ),
        "redirect_to_http": _("it leads from https to http"),
        "row_empty": _("All cells are empty"),
        "site_compresses": _("The site sends this file compressed."),
        "site_status": _("The site answered with status {status} instead of the file."),
        "site_too_slow": _("The site is too slow. Download the file yourself, then upload it."),
        "site_unreachable": _("Nothing answers at this address. Check it in a browser, then try again."),
        "storage_full": _(
            "This file does not fit into what is left of the workspace's storage. Delete what is no longer needed."
        ),
        "subtitles": _(
            "These are subtitles, whose lines break where the screen does. Upload the text alone, with a paragraph for each passage."
        ),
        "too_large": _(
            "This file is larger than the limit of {megabytes} MB. Split it, or ask an administrator to raise the limit."
        ),
        "too_many_redirects": _("it redirects more than {most} times"),
        "too_many_rows": _(
            "This file has more rows than the limit of {rows:,}. Split it, or ask an administrator to raise IMPORT_MAX_ROWS."
        ),
        "unpacked": _("The file was unpacked from {name}."),
        "unpacked_too_large": _(
            "Unpacked, this file is larger than the limit of {size}. Split it, or ask an administrator to raise IMPORT_MAX_UNPACKED_MB."
        ),
        "wrong_encoding": _("This file is not written in {encoding}. Choose another encoding."),
    },
)
