/*
 * A camera for tests, in the page: a canvas of moving red, with a tone where it is asked for, offered by a peer connection that behaves as the server
 * does (offers, has all its candidates in the offer, takes the answer without any).
 */

export class RedSource {
  readonly pc = new RTCPeerConnection();
  readonly #canvas = document.createElement('canvas');
  readonly #drawing: number;
  #sender: RTCRtpSender | null = null;
  #track: MediaStreamTrack | null = null;

  constructor() {
    this.#canvas.width = 320;
    this.#canvas.height = 180;
    const context = this.#canvas.getContext('2d');
    let frame = 0;
    this.#drawing = window.setInterval(() => {
      if (context === null) return;
      frame += 1;
      context.fillStyle = `rgb(${225 + (frame % 30)}, 0, 0)`;
      context.fillRect(0, 0, 320, 180);
    }, 40);
  }

  async offer(what: 'picture' | 'picture-and-sound' = 'picture'): Promise<string> {
    const [track] = this.#canvas.captureStream(25).getVideoTracks();
    if (track === undefined) throw new Error('the canvas gave no track');
    this.#track = track;
    this.#sender = this.pc.addTrack(track);
    if (what === 'picture-and-sound') this.#addTone();
    const gathered = new Promise<void>((resolve) => {
      this.pc.addEventListener('icegatheringstatechange', () => {
        if (this.pc.iceGatheringState === 'complete') resolve();
      });
    });
    await this.pc.setLocalDescription();
    await gathered;
    return this.pc.localDescription?.sdp ?? '';
  }

  #addTone(): void {
    const audio = new AudioContext();
    const tone = new OscillatorNode(audio);
    const out = audio.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    for (const track of out.stream.getAudioTracks()) this.pc.addTrack(track);
  }

  async accept(sdp: string): Promise<void> {
    await this.pc.setRemoteDescription({ type: 'answer', sdp });
  }

  /** Makes the ICE session anew as the server's transport does, and answers its credentials. */
  async restart(): Promise<{ readonly ufrag: string; readonly pwd: string }> {
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: true }));
    const read = (name: string) => new RegExp(`^a=${name}:(.*)$`, 'm').exec(this.pc.localDescription?.sdp ?? '')?.[1];
    return { ufrag: read('ice-ufrag')?.trim() ?? '', pwd: read('ice-pwd')?.trim() ?? '' };
  }

  /** Frames stop; the connection stays, as when a consumer is closed or a camera hangs. */
  async silence(): Promise<void> {
    await this.#sender?.replaceTrack(null);
  }

  async speak(): Promise<void> {
    await this.#sender?.replaceTrack(this.#track);
  }

  close(): void {
    window.clearInterval(this.#drawing);
    this.pc.close();
  }
}
