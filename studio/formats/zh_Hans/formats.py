"""Chinese numbers in groups of three, as spreadsheets write them."""

TIME_FORMAT = "H:i:s"
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
