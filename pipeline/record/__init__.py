"""Recording of video: a camera's packets as received, in short files named by their time, and their retention.

::

    recorder            a packet tap and a writing thread for each camera, and a thread for retention
    segmenter           one camera's packets to segment files
    masked_encoder      frames of a camera with privacy masks, encoded with the masks filled
    segment_file        one file: fragments of a few seconds, each on the disk before the next is begun
    segment_index       end times of a camera's files, and when and why recording stopped
    recording_archive   recorded video and its gaps, for readers
    holds               times that must be preserved
    retention           deletion by age and size
    erasure             deletion by camera and time, on request
"""
