// Messages over one WebSocket: what is sent as a command is answered by done, refused, answer or ice_restarted with its number.
import type { Answer, ClientMessage, Done, IceRestarted, Refused, RefusalCode, ServerMessage } from '../api/messages';

// Told apart from a lost connection, after which nobody knows whether it was carried out.
export class CommandRefused extends Error {
  readonly code: RefusalCode;

  constructor({ code, message }: Refused) {
    super(message);
    this.code = code;
  }
}

// Every message with a number, without it.
type WithoutId<Message> = Message extends { id: number } ? Omit<Message, 'id'> : never;
export type Command = WithoutId<ClientMessage>;
type Reply = Done | Answer | IceRestarted;

// The outstanding commands. Pure but for its promises, so that it is tested without a socket.
export class Commands {
  #last = 0;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();

  issue(send: (message: ClientMessage) => void, command: Command): Promise<Reply> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send({ ...command, id } as ClientMessage);
    });
  }

  // True when it answered one of ours.
  settle(message: ServerMessage): boolean {
    if (message.type !== 'done' && message.type !== 'refused' && message.type !== 'answer' && message.type !== 'ice_restarted') return false;
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (!waiting || message.id === undefined) return false;
    this.#waiting.delete(message.id);
    if (message.type === 'refused') waiting.reject(new CommandRefused(message));
    else waiting.resolve(message);
    return true;
  }

  lose(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('The connection was lost.'));
    this.#waiting.clear();
  }
}

export function readMessage(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const message = JSON.parse(data) as { type?: unknown } | null;
    return typeof message?.type === 'string' ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}

export function signallingAddress(page: string, conference: string): string {
  const address = new URL(`/api/conferences/${encodeURIComponent(conference)}/signalling`, page);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}
