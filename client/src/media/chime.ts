// A short pleasant sound to try a loudspeaker with: three notes of a chord, one after the other, softly.
const notes = [523.25, 659.25, 783.99];
const everySeconds = 0.28;
const lastsSeconds = 0.9;
const loudness = 0.25;

// Until it has been played. `speaker`: '' is the system's.
export async function chime(speaker: string): Promise<void> {
  const context = new AudioContext();
  const element = new Audio();
  try {
    const sink = new MediaStreamAudioDestinationNode(context);
    element.srcObject = sink.stream;
    if (speaker) await element.setSinkId(speaker);
    const begins = context.currentTime + 0.05;
    for (const [index, frequency] of notes.entries()) {
      const from = begins + index * everySeconds;
      const note = new OscillatorNode(context, { frequency });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(loudness, from + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, from + lastsSeconds);
      note.connect(gain).connect(sink);
      note.start(from);
      note.stop(from + lastsSeconds);
    }
    await Promise.all([element.play(), context.resume()]);
    await new Promise((done) => setTimeout(done, (notes.length * everySeconds + lastsSeconds) * 1000));
  } finally {
    element.pause();
    element.srcObject = null;
    void context.close();
  }
}
