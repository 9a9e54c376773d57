"""Cameras, videos and folders of images in; frames with reliable timestamps out. Audio is never decoded.

A frame passes these modules::

    source_address      protocol, whether it is allowed, display without the password
    video_container     PyAV: demux the video stream only, decode       (still_images: the same for image files)
    capture_session     frame index, timeline, sampling, wall-clock time, counters: one session
    lazy_images         the decoded planes, masked, converted on demand
    reader_thread       live only: the session runs in a thread of its own, so that a hanging call blocks nothing
    supervised_source   the supervisor: states, watchdog, back-off; what the engine uses
"""
