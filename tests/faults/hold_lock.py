"""Holds SQLite's write lock until it is killed: hold_lock.py DATABASE. A process of its own, killed, since a connection
that closes might checkpoint, and only userd may."""
import sqlite3
import sys
import time

connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)
