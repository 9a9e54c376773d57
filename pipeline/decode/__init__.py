"""Cameras, clips and folders of images in; frames with true timestamps out. Audio is never decoded.

A frame's way through this room::

    address   which protocol, is it allowed, how is it shown without its password
    clip      PyAV: demux the video stream only, decode        (images: the same for a folder of images)
    take      index, timeline, sampling, wall time, counters    one unbroken opening of an address
    image   the decoded planes, masked, converted on demand
    reader    live only: the take runs in a thread of its own, so that nothing it does can hang us
    source    the supervisor: states, watchdog, back-off        what the engine sees
"""
