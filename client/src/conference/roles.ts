// What a seat's role means for its page.
import type { Role } from '../api/messages';

// A room full of people rather than one person: several cameras, a loudspeaker, perhaps a mixer.
export const isRoom = (role: Role): boolean => role === 'hall' || role === 'site';

// Opens and closes others' microphones, and gives the floor.
export const canLead = (role: Role): boolean => role === 'chair' || role === 'moderator';

// Has a camera or a microphone to send; whoever only watches has none.
export const sendsItself = (role: Role): boolean => role !== 'viewer';
