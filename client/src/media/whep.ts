// Watching: one audio and one video m-line that receive. The tracks stay the same while publishers come and go, so one stream
// element shows them all.
import type { KeptSessionPlan } from './kept-session';

export interface WatchPlan {
  conference: string;
  name: string;
  token: string;
  stream: MediaStream; // filled with the received tracks of the present session
}

// Without a name: the stage.
export const whepEndpoint = (conference: string, name?: string) => `/whep/${encodeURIComponent(conference)}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;

export function watching(plan: WatchPlan): KeptSessionPlan {
  return {
    endpoint: whepEndpoint(plan.conference, plan.name),
    token: plan.token,
    prepare(connection) {
      for (const track of plan.stream.getTracks()) plan.stream.removeTrack(track);
      for (const kind of ['audio', 'video'] as const) {
        const { receiver } = connection.addTransceiver(kind, { direction: 'recvonly' });
        plan.stream.addTrack(receiver.track);
      }
    },
    shapeAnswer: (answer) => answer,
  };
}
