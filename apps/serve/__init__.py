"""A server that reads digits over HTTP: python -m apps.serve. docs/serving.md describes it.

__main__.py      starts it; command_line.py has its options
limits.py        what every request goes through: size, time, how many at once
app.py           its addresses
uploads.py       /read: what a client uploads → files
signatures.py    what each signature takes and returns
json_tensors.py  TensorFlow Serving's JSON → arrays, and back
reader.py        runs the model
metrics.py       counts

kserve_server.py starts KServe's Python server; kserve_model.py is the model in it
"""
