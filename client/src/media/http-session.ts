// The HTTP side of WHIP (RFC 9725) and WHEP: one offer is answered, and the session lives at the address in Location until DELETE.
import { Refused, request } from '../api/problem';
import { readIceServers } from './ice-servers';

export interface HttpSession {
  readonly answer: string;
  readonly iceServers: RTCIceServer[];
  // Sends the fragment of an ICE restart, gives the server's, and the ICE servers with credentials for it.
  restart(fragment: string, signal: AbortSignal): Promise<{ fragment: string; iceServers: RTCIceServer[] }>;
  // Ends the session on the server. `leaving`: the page is going away, so the request has to outlive it.
  close(leaving?: boolean): Promise<void>;
}

export async function openHttpSession(endpoint: string, token: string, offer: string, signal: AbortSignal): Promise<HttpSession> {
  const response = await request(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp', Accept: 'application/sdp' },
    body: offer,
    token,
    signal,
  });
  const location = response.headers.get('Location');
  if (response.status !== 201 || !location) {
    throw new Refused({ status: response.status, title: 'No session', detail: '', retryAfterSeconds: null });
  }
  const address = new URL(location, response.url);

  return {
    answer: await response.text(),
    iceServers: readIceServers(response.headers.get('Link')),
    async restart(fragment, restartSignal) {
      // RFC 9725 section 4.3.1.1: a restart is sent with If-Match "*"; the entity tag is for trickled candidates, which an
      // ICE-lite server has no use for.
      const answered = await request(address, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
        body: fragment,
        token,
        signal: restartSignal,
        timeoutMs: 5_000,
      });
      return { fragment: await answered.text(), iceServers: readIceServers(answered.headers.get('Link')) };
    },
    async close(leaving = false) {
      // Where it cannot be ended here it dies by missing consent (RFC 7675) in half a minute.
      await request(address, { method: 'DELETE', token, keepalive: leaving, timeoutMs: 5_000 }).catch(() => undefined);
    },
  };
}
