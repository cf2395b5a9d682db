"""Builds the GStreamer launch line of one simulated camera. Pure; called by rtsp_mounts.py."""

# In steps of 20 ms, as microphones are read; `{wave}`: a tone, or with --clapper a tick each second.
AUDIO = {
    'none': '',
    'pcmu': ' audiotestsrc is-live=true samplesperbuffer=160 freq=440 {wave} ! audio/x-raw,rate=8000,channels=1 ! mulawenc'
            ' ! rtppcmupay name=pay1 pt=0',
    'aac': ' audiotestsrc is-live=true samplesperbuffer=320 freq=440 {wave} ! audio/x-raw,rate=16000,channels=1 ! audioconvert'
           ' ! avenc_aac bitrate=48000 ! aacparse ! rtpmp4gpay name=pay1 pt=97',
}


def launch_line(camera):
    """Gives the whole launch line: raw pictures in at `src`, RTP out at `pay0` (and sound at `pay1`)."""
    sound = AUDIO[camera['audio']].format(wave='wave=ticks' if camera['clapper'] else '')
    return f"( {source(camera)} ! {ENCODERS[camera['codec']](camera)}{sound} )"


def source(camera):
    caps = (f"video/x-raw,format=I420,width={camera['width']},height={camera['height']},"
            f"framerate={camera['fps']}/1")
    title = camera['name'].replace('\\', '').replace('"', '')
    size = max(8, camera['height'] // 32)
    return (f'appsrc name=src is-live=true do-timestamp=true format=time max-buffers=2 leaky-type=downstream caps={caps}'
            ' ! queue max-size-buffers=2 leaky=downstream'
            f' ! clockoverlay text="{title}" time-format="%F %T" halignment=left valignment=bottom'
            f' shaded-background=true font-desc="DejaVu Sans Mono {size}px" auto-resize=false')


def h264(camera):
    # SPS and PPS in the SDP only (config-interval 0) needs the AVC form in front of the payloader.
    sdp_only = camera['config_interval'] == 0
    parse = 'h264parse ! video/x-h264,stream-format=avc ! ' if sdp_only else ''
    return (f"x264enc name=enc tune=zerolatency speed-preset=superfast threads=1 bitrate={camera['bitrate_kbps']}"
            f" key-int-max={camera['gop']} bframes=0 option-string=\"scenecut=0:open-gop=0\""
            f" ! video/x-h264,profile={camera['profile']} ! {parse}"
            f"rtph264pay name=pay0 pt=96 mtu={camera['mtu']} config-interval={camera['config_interval']}")


def h265(camera):
    return (f"x265enc name=enc tune=zerolatency speed-preset=ultrafast bitrate={camera['bitrate_kbps']}"
            f" key-int-max={camera['gop']} option-string=\"pools=1:frame-threads=1\""
            f" ! rtph265pay name=pay0 pt=96 mtu={camera['mtu']} config-interval=-1")


def mjpeg(camera):
    return f"jpegenc name=enc quality=60 ! rtpjpegpay name=pay0 pt=26 mtu={camera['mtu']}"


ENCODERS = {'h264': h264, 'h265': h265, 'mjpeg': mjpeg}
