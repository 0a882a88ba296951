// ICE restart by PATCH: an SDP fragment (RFC 8840) with the new credentials goes out, the server's comes back and is worked
// into the answer that the connection already has. Pure functions over text.

const lines = (text: string) => text.split(/\r\n|\n|\r/).filter((line) => line !== '');
const valueOf = (list: readonly string[], prefix: string) => list.find((line) => line.startsWith(prefix))?.slice(prefix.length);

export interface IceCredentials {
  ufrag: string;
  password: string;
}

export function credentialsOf(sdp: string): IceCredentials | null {
  const list = lines(sdp);
  const ufrag = valueOf(list, 'a=ice-ufrag:');
  const password = valueOf(list, 'a=ice-pwd:');
  return ufrag && password ? { ufrag, password } : null;
}

// RFC 9725 section 4.3.1.1: session-level credentials, then the m-line and mid that the BUNDLE group's transport belongs to.
export function restartFragment(offer: string): string {
  const list = lines(offer);
  const credentials = credentialsOf(offer);
  const media = list.find((line) => line.startsWith('m='));
  const mid = valueOf(list, 'a=mid:');
  if (!credentials || media === undefined || mid === undefined) throw new Error('the offer has no ICE credentials or no m-line');
  const options = valueOf(list, 'a=ice-options:');
  return [
    ...(options ? [`a=ice-options:${options}`] : []),
    `a=ice-ufrag:${credentials.ufrag}`,
    `a=ice-pwd:${credentials.password}`,
    media,
    `a=mid:${mid}`,
    '',
  ].join('\r\n');
}

// The answer for the restart's offer: the old one with the server's new credentials and, where it sent any, its new candidates.
export function answerAfterRestart(answer: string, fragment: string): string {
  const credentials = credentialsOf(fragment);
  if (!credentials) throw new Error('the restart was answered without ICE credentials');
  const candidates = lines(fragment).filter((line) => line.startsWith('a=candidate:'));
  const result: string[] = [];
  for (const line of lines(answer)) {
    if (candidates.length > 0 && line.startsWith('a=candidate:')) continue;
    if (line.startsWith('a=ice-ufrag:')) {
      result.push(`a=ice-ufrag:${credentials.ufrag}`);
    } else if (line.startsWith('a=ice-pwd:')) {
      result.push(`a=ice-pwd:${credentials.password}`);
      if (result.some((earlier) => earlier.startsWith('m='))) result.push(...candidates);
    } else {
      result.push(line);
    }
  }
  return result.join('\r\n') + '\r\n';
}
