import { rm } from "node:fs/promises";
import { buildDist } from "./bundle.ts";

await rm("dist", { recursive: true, force: true });
await buildDist("dist");
