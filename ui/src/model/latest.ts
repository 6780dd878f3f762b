/** Shows an answer, or null for a failed one, unless the effect that asked has run again: its answer is the one that counts, whichever comes first. Return what this returns from the effect. */
export function latest<Answer>(asked: Promise<Answer>, show: (answer: Answer | null) => void): () => void {
  let counts = true;
  void asked.then((answer) => { if (counts) show(answer); }, () => { if (counts) show(null); });
  return () => { counts = false; };
}
