// Opus in two channels (RFC 7587 section 7.1): `stereo` says that one likes to receive it, `sprop-stereo` that one will send it. Browsers
// encode two channels where the other side's description asks for them, and keep both where their own does.
type Parameters = Readonly<Record<string, string | null>>; // null: taken out

// Two channels with their full range; without it browsers send stereo at little more than the rate of speech.
const stereoBitsPerSecond = '128000';

function change(sdp: string, direction: 'sendonly' | 'recvonly', parameters: Parameters): string {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith('m=audio') && section.includes(`\na=${direction}`) ? changeOpus(section, parameters) : section))
    .join('');
}

function changeOpus(section: string, parameters: Parameters): string {
  const rtpmap = /^a=rtpmap:(\d+) opus\/48000\/2(\r?\n)/im.exec(section);
  if (!rtpmap) return section;
  const [line, payloadType, eol] = rtpmap;
  const fmtp = new RegExp(`^a=fmtp:${payloadType} ([^\\r\\n]*)\\r?\\n`, 'm').exec(section);
  const all = new Map((fmtp?.[1] ?? '').split(';').flatMap((each) => (each.trim() ? [each.trim().split('=') as [string, string]] : [])));
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) all.delete(name);
    else all.set(name, value);
  }
  const written = all.size > 0 ? `a=fmtp:${payloadType} ${[...all].map((pair) => pair.join('=')).join(';')}${eol}` : '';
  return fmtp ? section.replace(fmtp[0], written) : section.replace(line, line + written);
}

// Of the own offer: voices are heard in as many channels as they have.
export const hearingStereo = (offer: string): string => change(offer, 'recvonly', { stereo: '1' });

// Of the offer as it goes to the server.
export const offeringStereo = (offer: string, on: boolean): string => change(offer, 'sendonly', on ? { stereo: '1', 'sprop-stereo': '1' } : { 'sprop-stereo': null });

// Of the answer as this browser is given it: what it encodes.
export const answeringStereo = (answer: string, on: boolean): string => change(answer, 'recvonly', on ? { stereo: '1', maxaveragebitrate: stereoBitsPerSecond } : { stereo: null, maxaveragebitrate: null });
