"""From estimates to verdicts and sentences, and what a policy makes of them."""
