import { badRequest } from './replies.ts';
import type { Site } from './site.ts';

/** True if so many more members fit, with seats that the cloud buys without asking. */
export const hasSeats = ({ organization, switches }: Site, count: number): boolean => {
  const { seats, maxAutoScaleSeats, deployment } = switches;
  if (seats === null) return true;
  const needed = organization.occupiedSeats() + count;
  if (needed <= seats) return true;
  return deployment === 'cloud' && (maxAutoScaleSeats === null || needed <= maxAutoScaleSeats);
};

/** Makes room for so many more members. @throws Refusal: 400 over the limit */
export const takeSeats = (site: Site, count: number): void => {
  const { organization, switches } = site;
  if (!hasSeats(site, count)) {
    throw badRequest(
      switches.deployment === 'cloud'
        ? 'Seat limit has been reached. Contact your administrator to add more seats.'
        : 'Cannot autoscale on a self-hosted instance.',
    );
  }
  if (switches.seats !== null) switches.seats = Math.max(switches.seats, organization.occupiedSeats() + count);
};
