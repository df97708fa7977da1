import type { StopRule } from '../gate/controls.ts';
import type { RunRef } from '../names.ts';
import type { Claim, Writ } from '../records.ts';

/** What a scope's function knows of one action. */
export interface Standing {
  readonly writ?: Writ;
  readonly claim?: Claim;
}

/** Why a claim was not made: the action is claimed already, the writ is not as it was read, its run is closed, or somebody stopped it. */
export type Unclaimed = 'taken' | 'no-writ' | 'run-closed' | StopRule;

/** Claims of one scope, kept by an adapter. Throws `Retryable` and `Terminal` only. */
export interface Claims {
  look(ref: RunRef, action: number): Promise<Standing>;
  /**
   * Claims a writ: one transaction with the writ, its run, which must be open, and every stop over it. Only an action that was never claimed, or whose
   * attempt before this one was `released`, can be claimed.
   */
  begin(writ: Writ, claim: Claim): Promise<Unclaimed | undefined>;
  /** The first stop that keeps a writ from being claimed at `now`, if there is any. */
  stopOver(writ: Writ, now: Date): Promise<StopRule | undefined>;
  /** Ends the attempt that `claim` is of, if it is executing or in doubt, or ended in just this way; false otherwise. */
  settle(writ: Writ, claim: Claim): Promise<boolean>;
}
