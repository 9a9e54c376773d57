"""Decoding in processes of their own: a decoder that crashes, or takes too much memory, ends its own camera's session.

The engine starts one process, the decoder server, which loads FFmpeg once and forks a decoder for every session of a
camera. A forked decoder shares the server's memory and costs about a megabyte besides its frames::

    decoder_server      the server process: forks decoders, and reports how they ended
    decoder_process     the decoder: runs one `CaptureSession` and sends what it yields
    engine_link         the engine, as a decoder sees it
    session_reports     what that session reports to: monitor, memory, recorder
    memory_limit        of the decoder
    decoder_slots       a decoder's part of the shared memory
    decoder_messages    what a decoder sends to the engine, and the other way
    decoder_channel     the engine's end of one decoder: its sockets, its frames, its end
    decoder_processes   starts the server and decoders
    shared_frames       the engine's part of the shared memory: no pixel is copied
    remote_session      stands for a `CaptureSession` in the engine
    stream_header       parameters of a recorded stream

The engine never unpickles what a decoder sends, owns all shared memory, and seals its size. The shared memory has no
name, so nothing is left of it when either process is killed.
"""
