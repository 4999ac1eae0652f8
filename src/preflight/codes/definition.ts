export interface CodeDefinition {
  /** A `blocked` code stops the migration unless it is accepted. */
  severity: "warning" | "blocked";
  title: string;
  /** What would go wrong. */
  why: string;
  /** Where that is written or how it was measured. */
  source: string;
  remedy: string;
  /** `false` where going on would certainly fail or certainly do damage. */
  acceptable?: false;
}

export type CodeDefinitions = Readonly<Record<string, CodeDefinition>>;
