// Why a camera or a microphone is not to be had.
export type DeviceTrouble =
  | 'refused' // by the person, or by the browser's settings for this page
  | 'dismissed' // the browser's question was closed without an answer
  | 'system' // the browser would give it, the computer's own settings do not let it
  | 'missing' // no such device
  | 'busy' // another program has it
  | 'insecure'; // browsers give cameras to https and localhost only

// Until a person has answered or changed a setting it is no use to try others.
export const isRefusal = (trouble: DeviceTrouble | null): boolean => trouble === 'refused' || trouble === 'dismissed' || trouble === 'system';

// `permission`: what the browser says of this page; null where it cannot be asked. Only Chromium says in words what it was.
export function troubleOf(error: unknown, permission: PermissionState | null = null): DeviceTrouble {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' };
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    if (/dismissed/i.test(message)) return 'dismissed';
    return /by system/i.test(message) || permission === 'granted' ? 'system' : 'refused';
  }
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'missing';
}
