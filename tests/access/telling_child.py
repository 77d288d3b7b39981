"""A child that gives away what it was given: in an event, on its standard error, and in how it ends."""

import json
import os
import sys

token = os.environ["HF_TOKEN"]
said = {"type": "log", "level": "info", "text": f"GET https://hub/?token={token}"}
os.write(int(os.environ["MAQUETTE_EVENTS_FD"]), json.dumps(said).encode() + b"\n")
sys.stderr.write(f"refused: {token}\n")
sys.exit(5)
