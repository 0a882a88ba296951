// Publishing: one audio and one video m-line that send, from the start; what they carry is put in and exchanged by replaceTrack,
// so that another camera or a shared screen needs no new session.
import { orderCodecs, type VideoCodec } from './codecs';
import type { KeptSessionPlan } from './kept-session';
import { pictureSettings, type Quality } from './quality';

export interface PublishPlan {
  conference: string;
  name: string;
  token: string;
  codec: VideoCodec | null;
  quality: () => Quality;
  audio: () => MediaStreamTrack | null;
  video: () => MediaStreamTrack | null;
}

export const whipEndpoint = (conference: string, name: string) => `/whip/${encodeURIComponent(conference)}/${encodeURIComponent(name)}`;

// Chromium starts at 0.3 Mb/s and feels its way up, which shows as mush in the first seconds. The hint in the remote fmtp moves
// the start; other browsers ignore it.
export function withStartBitrate(answer: string, kilobitsPerSecond: number): string {
  const eol = '\r\n';
  const sections = answer.split(/(?=^m=)/m);
  return sections
    .map((section) => {
      if (!section.startsWith('m=video')) return section;
      const payloadType = /^m=video \d+ \S+ (\d+)/.exec(section)?.[1];
      if (!payloadType) return section;
      const hint = `x-google-start-bitrate=${kilobitsPerSecond}`;
      const fmtp = new RegExp(`^(a=fmtp:${payloadType} [^\\r\\n]*)`, 'm');
      if (fmtp.test(section)) return section.replace(fmtp, `$1;${hint}`);
      return section.replace(new RegExp(`^(a=rtpmap:${payloadType} [^\\r\\n]*)`, 'm'), `$1${eol}a=fmtp:${payloadType} ${hint}`);
    })
    .join('');
}

export function publishing(plan: PublishPlan): KeptSessionPlan {
  return {
    endpoint: whipEndpoint(plan.conference, plan.name),
    token: plan.token,
    prepare(connection) {
      // One msid for both, so that receivers keep lips in sync.
      const stream = new MediaStream();
      const { maxBitrate, framesPerSecond } = pictureSettings(plan.quality());
      connection.addTransceiver(plan.audio() ?? 'audio', { direction: 'sendonly', streams: [stream] });
      const video = connection.addTransceiver(plan.video() ?? 'video', {
        direction: 'sendonly',
        streams: [stream],
        sendEncodings: [{ maxBitrate, maxFramerate: framesPerSecond }],
      });
      video.setCodecPreferences(orderCodecs(RTCRtpReceiver.getCapabilities('video')?.codecs ?? [], plan.codec));
    },
    shapeAnswer: (answer) => withStartBitrate(answer, Math.round(pictureSettings(plan.quality()).maxBitrate / 1_250)),
  };
}

// Puts the present microphone and picture into a running connection.
export async function exchangeTracks(connection: RTCPeerConnection, plan: PublishPlan): Promise<void> {
  const { maxBitrate, framesPerSecond } = pictureSettings(plan.quality());
  for (const { sender, receiver } of connection.getTransceivers()) {
    const isVideo = receiver.track.kind === 'video';
    const track = isVideo ? plan.video() : plan.audio();
    if (sender.track !== track) await sender.replaceTrack(track);
    if (!isVideo) continue;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) Object.assign(encoding, { maxBitrate, maxFramerate: framesPerSecond });
    await sender.setParameters(parameters);
  }
}
