// STUN and TURN servers from the `Link: <turn:…>; rel="ice-server"` headers of a WHIP or WHEP answer (RFC 9725 section 4.6).

export function readIceServers(header: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const [, address, parameters] of (header ?? '').matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/g)) {
    const fields = new Map<string, string>();
    for (const [, key, quoted, bare] of (parameters ?? '').matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g)) {
      fields.set((key ?? '').toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
    }
    if (fields.get('rel') !== 'ice-server' || !/^(stuns?|turns?):/.test(address ?? '')) continue;
    const server: RTCIceServer = { urls: address! };
    const username = fields.get('username');
    const credential = fields.get('credential');
    if (username !== undefined) server.username = username;
    if (credential !== undefined) server.credential = credential;
    servers.push(server);
  }
  return servers;
}
