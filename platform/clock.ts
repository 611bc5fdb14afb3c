/** Tells the time. A test turns it; production reads the machine's. */
export type Clock = () => Date;

/** The machine's own clock. */
export const systemClock: Clock = () => new Date();
