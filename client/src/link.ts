// The page's own link: everything it needs to know stands in the fragment, which a browser never sends to a server.
//   #conference=demo&as=publish&name=hall&token=…   optional: quality=360|720|1080, codec=vp8|vp9|h264|av1
import { asCodec, type VideoCodec } from './media/codecs';
import { asQuality, type Quality } from './media/quality';
import { readToken } from './token';

export type View = 'publish' | 'watch';

export interface Link {
  view: View;
  conference: string; // '' when neither the link nor its token names one
  name: string; // the publication; '' when the link names none
  token: string;
  codec: VideoCodec | null;
  quality: Quality;
}

export function readLink(fragment: string): Link {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const token = (fields.get('token') ?? '').trim();
  return {
    view: fields.get('as') === 'publish' ? 'publish' : 'watch',
    conference: fields.get('conference') || readToken(token)?.conference || '',
    name: fields.get('name') ?? '',
    token,
    codec: asCodec(fields.get('codec')),
    quality: asQuality(fields.get('quality')),
  };
}

export function writeLink(link: Link): string {
  const fields = new URLSearchParams({ conference: link.conference, as: link.view });
  if (link.name) fields.set('name', link.name);
  if (link.codec) fields.set('codec', link.codec);
  if (link.token) fields.set('token', link.token);
  return '#' + fields.toString();
}

// For passing on. It carries no token: whoever may publish must not hand out that right with a link meant for viewers.
export function watchLink(page: string, link: Link): string {
  return page.replace(/#.*$/, '') + writeLink({ ...link, view: 'watch', token: '', codec: null });
}

// People paste what they were given: a bare token, or a whole link that has one.
export function tokenFromPaste(text: string): string {
  const trimmed = text.trim();
  const hash = trimmed.indexOf('#');
  if (hash >= 0) return new URLSearchParams(trimmed.slice(hash + 1)).get('token') ?? '';
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(trimmed) ? trimmed : '';
}

// A personal link to a conference: #invitation=<random id>, optional: view=wall, quality=…, codec=…
export interface InvitationLink {
  invitation: string;
  wall: boolean;
  codec: VideoCodec | null;
  quality: Quality;
}

export function readInvitation(fragment: string): InvitationLink | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const invitation = (fields.get('invitation') ?? '').trim();
  if (!invitation) return null;
  return { invitation, wall: fields.get('view') === 'wall', codec: asCodec(fields.get('codec')), quality: asQuality(fields.get('quality')) };
}

// An administrator's link: #as=diagnosis&token=…. Its token; null for any other link.
export function readDiagnosisLink(fragment: string): string | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  return fields.get('as') === 'diagnosis' ? (fields.get('token') ?? '').trim() || null : null;
}

// A pasted link with an invitation, as the fragment to go to; '' when it is none.
export function invitationFromPaste(text: string): string {
  const hash = text.trim().indexOf('#');
  const fragment = hash < 0 ? '' : text.trim().slice(hash);
  return readInvitation(fragment) ? fragment : '';
}
