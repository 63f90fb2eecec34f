import { describeCanaries } from './store-canaries.ts';
import { describeCrashes } from './store-crashes.ts';
import { describeDeliveries } from './store-deliveries.ts';
import { describeLimits } from './store-limits.ts';
import { describeLists } from './store-lists.ts';
import { describeOwnership } from './store-ownership.ts';
import { describeRaces } from './store-races.ts';
import { type Registrar, type StoreBench, useScene, VITEST } from './store-scene.ts';

/** Checks a type of store against the port, as far as its rules promise. */
export const describeStore = (title: string, bench: StoreBench, registrar: Registrar = VITEST): void => {
  registrar.describe(title, () => {
    const scene = useScene(bench, registrar);
    describeDeliveries(scene);
    describeOwnership(scene);
    describeLimits(scene);
    describeCrashes(scene);
    describeRaces(scene);
    // The more secrets there are, the longer is a list.
    describeLists(scene);
    describeCanaries(scene);
  });
};
