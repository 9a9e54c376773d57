"""Words that the details of alerts and camera states are made of; see `pipeline.policy.event_texts`.

Everything that this program says there, the operating system's and FFmpeg's messages included. A test fails when a
message of the program has a word that is missing here.
"""

from __future__ import annotations

from typing import Final

DETAIL_WORDS: Final = frozenset(
    """
    03d 04d 04x 06d 07d 08x 0f 1f 22t08 2f 2h 3g2 3gp 3i 4xx 52f5 5d0e 5xx 8f0a5c1e 8shhqq 9a 9a0c a abc abort
    aborted about above abs accepted access accessing account acked acks active add address addresses adirectory
    administrator adopted advance advertise after again age ago agree agreement alembic alert alerted alerts
    algorithm alias aliases alike all allocate allow allowed allows alphabet already also alter always amend america
    an analyses analysis analytics analyze analyzed analyzeduration analyzes and anode anonymized another answer
    answered answers any apart applied apply approve approved approves are area areas argmax argument arrayexists
    arrayjoin arraypopback arraypopfront arraysort arrival arrive art as ascii asf aside ask asked asks assign
    assigns assumenotnull at atom attached attempt attempted attempting attempts attribute audit auth authorities
    authority authorization auto autoinstall av1 available avc avcallback avg avi avif avoided b back backend
    backends backing backlog backoff backslashreplace backup bad base batch batches be because been before begin
    begins behind being belongs below best better between beyond bgr bgr24 big bin bit bitrate bits bitstream block
    blocking blur blurred bmp bootstrap both bounded box boxes br bright bring brings broken broker brokers bsfnot
    buffer buffering bug built busy but by bytes bytestream c1 c2pa ca cable cache cafile calibration call callback
    calls came camera cameras can canceled cannot canonical car card caused cb center certain certfile certificate
    certs change changed changes channel character characters chdb check checked checkerboard checks checksum choose
    cinepak claims class classes cleaning cleanup clickhouse client clips clock clocks close closed cluster code
    codec codecs colon color column combinations combined command commit communication compact companions compare
    complete compression concat concatenated confidence config configs configuration confirm confirmation confirmed
    conflict confluent connect connected connecting connection connects consecutive consumer contain container
    contains content continues contrast cooperation copies copy core cores corner corners correct corrupt corrupted
    could count counted counts cpu cpuexecutionprovider cpuinfo crash crashed create created creation cred
    credentials critical crop cropped crops cross crypto cryptography csi ctx cuda cudaexecutionprovider
    currentdatabase cut cuvid d damage damaged dark data database date datetime dav day days daysoftables db dead
    deadlock declaration declarations declare declared declares decode decoded decoder decodes decoding decree
    decrypt deep default defined defs degrees delete deleted deletion deliver delivered delivery demo demuxer denied
    desc describe descriptor desired destination detached detail detect detection detections detector detects device
    devices dhav did died differs digest digit digits dir directly directory dirt disclosure disk disposal distinct
    dnnl do does domain done doubles down draft driver drop dropped drops dt due duplicate duration dv dvvideo
    dynamic each earliest early edge edit elapsed else elsewhere embedded empty enable enabled encode encoded
    encoder encoding encrypt encrypted end ended ending endpoint ends engine entrance enum env environment eoferror
    equal erase erased errno error errors event events ever every everything example exceeded except exception
    exchange exec exist exists exit expected expects experimental expired explain export extend external extra f f4v
    fail failed failing fails failure false family fast faster fastest fd feature features feed fell fetch few fewer
    ffmpeg ffv1 ffvhuff field fields file files fill filter find finite firmware first fit fix fixed flags float
    float16 float32 flush flv focus folder font for forbid forbidden forbids force forced form format forward found
    four fps fpsprobesize fraction frag fragment frame frames framework free from frozen fsync full fuller function
    further future g gain gap generic gif give given gives glibc go goes gone gpu gpus granularity gray grayscale
    greater group groupuniqarray gzip h h261 h263 h263p h264 h265 had hall halted handle handshake happened happens
    hardware has have having hdn header headers heartbeat heif height held help here hevc hides high higher hint
    hits hls hmac hold holds home horizontal host hostname hosts hot hour hours how http httpbad httpclient
    httperror httpforbidden httpnot httpother httpproxy https httpserver httptoo httpunauthorized huffyuv hundred i
    id idempotence identification identifier ids if ifnull ignore iiqq illegal image images immediate implemented
    imported impossible in inappropriate incomplete index individual inference info information ingest ingester
    ingesters initial inner input insecure insert install installation installed instead institution instructions
    instrument int int64 int8 intdiv internal interpolation interrupted interval intervals into intra invalid ioctl
    ioerror iou is isnull it items its itself ivf jfif jinja2 jitter jittered join jpe jpeg jpeg2000 jpg json
    jsoneachrow jsonl judiciary jump jumped jwt kafka kbytes keeps kernel key keyfile keyframe keys kill killed
    kills kind kinds km known knows label labels lacks lamp large larger largest last late latency latest latitude
    layout lead least leave leaves left lens less let letter letters level levels lib libdav1d libraries library
    lies lifetime lifts light like limit limits line lines linger link links list lists literal little live load loc
    local location lock locked locks log login logs long longer longest longitude lookup loses lost low lower ls lz4
    m m2ts m4v machine made make malformed many mapping margin mask masks match matched matroska matter max maximum
    may mb mean meant meanwhile measure mechanism media median medium meetings memory mercosul merge message
    messages met metadata method metrics mib milliseconds min minimum ministry minute minutes missing mistakes mjpeg
    mjpg mkv mlas mode model models modification modify month moof moov more mosaic most mostly motion mov moved
    movflags mp4 mpeg mpeg2 mpeg4 mpegts mpegvideo mpg mpjpeg ms msg msmpeg4 mts multibyte multihop multiif multiple
    murmur2 must mutations muxer mxf n nal name named names native near need needed needs neither nested network
    networks never newer newest newline next nms no noise non none nor not nothing noticed now nul null nullable num
    number numerical nut nvidia o object objects observability obstacle obstructed obu occurred ocr of off offline
    offset offsets ogg ogv old older oldest on once one onednn ones only onnx onnxruntime onto op open opened
    openpyxl openvino operation optimize option options or order org ort os oserror other others otherwise out
    output outputs outside ov over overflow overlap overload overloaded own owner owns p p85 package packets pad
    page pages parameters park parked parquet parsed part partial partition partitioner partitions parts pass passed
    passes passing password patch patches path pattern patterns paulo pause peer pem pending per percent performance
    permission permitted person personal pgm physical pinning pip pipe pixels place placed plain plaintext plate
    plates play played playlists png points police policy poll polygon port position positive possible power ppm
    predicted prefix prematurely preserved preview priority privacy private problem proc process processes
    processing processor program progress project prores protocol protocols ps psw public put pw pwd px py pyarrow
    pyav python quantileexact query question queue queued quota r raise random range rate rawvideo rb reachable read
    readable reader readers reading reads reason recheck reconnect reconnected record recorded recorder recording
    records recoverable redirections redirects refer references refers refusal refuse refused refuses register
    registered registry regular reinterpretasuuid rejected relative release released remaining remote remove removed
    renamed renew repair repeat repeated replace replacingmergetree replay replication reply report reported request
    requested requester requests require required rescinded research resending reset resolution resource resources
    responsible rest restart restarted restore result results resume retain retained retention retries retry return
    returned returns revoked rewrite rf rfs right rights road rotate round route row rows rt rtmp rtmps rtp rtsp
    rtsps rule run running runs runtime s safe same sampled sao sasl save scene schema scheme scope scopes score
    scores scram sdp search second seconds secret section sector secure security see seek seg segment select selects
    self semaphores send sends sent separately served server servers serves service session set setting settings
    setup several severed severity sha sha256 shape share shared shares sharpness shifted shines shorten shorter
    should show shows shutdown sid side sig sigabrt sigbus sigfpe sigill sigkill signature signed sigsegv sigsys
    sigterm sigtrap silence silhouette since sink sinks size skip skvideo slice slot slots slow slowly small smaller
    so sock socket software some something soon sorted source space span special specific speed speeds spinning
    splice splitbychar spool spooled sql sqlalchemy square srmount srt ssl stable stack stale stalled stand standard
    stands start started starts state states status stays steady step still stop stopped store stored stores stream
    streaming streams strerror string structure subject such sum sun support supported supports surrogateescape
    surroundings suspended swap symbolic sync synced synchronized syncs system t table tables tag tags take takes
    target targets task tcp teardown temporarily ten tensor tensorrt test tested text than that the them then theora
    there these they this those threads three thresholds ticket tif tiff tiles time timed timeout timer times
    timestamps tls to todatetime today together toint64 token tombstone too tool topic topics torch tostring
    touint32 touuid toyyyymmdd trace track tracking tracks traffic trailing transport tree tried true trust trusted
    try trying ts tupleelement turned twice two type types u u8 udp uid uint16 uint32 uint8 ultralytics un
    unauthorized unavailable uncertain undefined undelivered under understood unexpected unexpectedly unicode
    uniform uniqexact unique unit unknown unreachable unreadable unsafe unspecified unsupported until up update
    upright urn us usable use used useful user username users using usr usual utc utf uuid v valid value values
    variable vc1 vehicle vehicles verdict verify version vertical viapublica video videos view visual vob vote votes
    vp8 vp9 w wait wanted warning was watchdog water wb we weaker weakest webm webp weight weights welcome went were
    what when where whether which while whitelist who whole whose why wide width wildcard window with within without
    wmv wmv1 wmv2 wmv3 word would write writes writing written wrong wrote x x1 x2 xdg xenix y y1 y2 y4m yaml year
    years yet yolo you yuv420p yuvj yuvj420p z z0 za zeros zone zones zstandard zstd
    """.split()
)
