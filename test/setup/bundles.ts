import { sharedBundles } from '#local/bundles.ts';

/** Builds the bundles once for the whole run; otherwise workers would build the same ones concurrently. */
export const setup = async (): Promise<void> => {
  await sharedBundles();
};
