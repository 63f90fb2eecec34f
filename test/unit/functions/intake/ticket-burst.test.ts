import { describe } from 'vitest';
import { burst } from '#test/support/ticket-burst.ts';

describe('webhooks in a burst', () => {
  burst(100);
});
