import { Agent } from 'undici';

/** A dispatcher that trusts a private CA. */
export const trusting = (ca: string) => {
  const dispatcher = new Agent({ connect: { ca } });
  return { dispatcher, close: () => dispatcher.close() };
};
