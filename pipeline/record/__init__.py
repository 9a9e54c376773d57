"""Recorded video: a camera's packets as they came, in short files named by their time; how long they stay.

::

    recorder   a tap for each camera, a thread that writes for each of them, a thread that tidies
    segment    one file: fragments of a few seconds, each on the disk before the next is begun
    index      what a camera's folder says of its files, and when and why recording stopped
    archive    what is there and what is not, for readers
    holds      times that must stay
    ring       what is too old, or too much, goes
"""
