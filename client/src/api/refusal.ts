import type { PlainKey } from '../messages/index';
import type { Problem } from './problem';

// Our own words for a refusal; the server's sentence is shown beneath them.
export function refusalKey(problem: Problem): Extract<PlainKey, `refused.${string}`> {
  switch (problem.status) {
    case -1:
      return 'refused.browser';
    case 401:
      return 'refused.401';
    case 403:
      return 'refused.403';
    case 404:
      return 'refused.404';
    case 406:
      return 'refused.406';
    case 409:
      return 'refused.409';
    default:
      return 'refused.other';
  }
}
