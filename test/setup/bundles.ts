import { sharedBundles } from '#local/bundles.ts';

/** Once for the whole run, so that no two workers make the same bundles at once. */
export const setup = async (): Promise<void> => {
  await sharedBundles();
};
