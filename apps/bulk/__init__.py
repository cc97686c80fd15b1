"""Reads millions of pictures on Apache Spark: python -m apps.bulk. docs/bulk.md describes it.

__main__.py      one run, from its options to its exit status; command_line.py has the options
session.py       starts Spark, and sends the code and the model to its workers; errors.py tells
                 what it reports, log4j2.properties what it logs
storage.py       files and folders wherever Spark finds them: a disk, HDFS, S3
inputs.py        what the user names → records of a path and the content of a file
worker.py        in the workers: records → readings
results.py       where the readings go, and how many there are of each status
"""
