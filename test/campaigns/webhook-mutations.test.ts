import { refuseMutations } from '#test/support/webhook-mutations.ts';

refuseMutations(100_000);
