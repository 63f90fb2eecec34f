import fc from 'fast-check';
import { createProvisionWorld } from '#test/support/provision-world.ts';

/** State of a machine after a flood, and the one that its latest message demands. */
interface Flooded {
  readonly subject: string;
  readonly position: number | undefined;
  readonly status: string | undefined;
  readonly isProvisioned: boolean;
}

/** Messages about one machine: an older one, and the latest, which arrives up to three times. */
const messagesAbout = (subject: string, index: number) => {
  const position = 2 * (index % 7);
  const isLast = index % 5 === 0;
  const older = { subject, position, action: 'provision' as const };
  const latest = {
    subject,
    position: position + 1,
    action: isLast ? ('deprovision' as const) : ('provision' as const),
  };
  const all = [older, latest, latest].slice(0, 1 + (index % 3)).concat(latest);
  const wanted: Flooded = { subject, position: position + 1, status: 'succeeded', isProvisioned: !isLast };
  return { all, wanted };
};

/** Lets machines appear and disappear at once, with their messages in any order. */
export const flood = async (machines: number, seed: number) => {
  const world = createProvisionWorld();
  const plans = Array.from({ length: machines }, (_, index) => messagesAbout(`i-${index}`, index));
  const messages = plans.flatMap(({ all }) => all);
  const [shuffled = []] = fc.sample(fc.shuffledSubarray(messages, { minLength: messages.length }), {
    numRuns: 1,
    seed,
  });
  for (const { subject, ...order } of shuffled) {
    await world.send(subject, {
      ...order,
      ...(order.action === 'provision' && { inputs: { host: subject, note: 'n' } }),
    });
  }
  await world.drain();
  const found: Flooded[] = [];
  for (const { wanted } of plans) {
    const { state, done } = (await world.subject(wanted.subject)) ?? {};
    const isProvisioned = state === 'provisioned';
    found.push({ subject: wanted.subject, position: done?.position, status: done?.status, isProvisioned });
  }
  return { wanted: plans.map(({ wanted }) => wanted), found, violations: world.remote.violations };
};
