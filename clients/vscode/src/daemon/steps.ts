/** What installing the daemon is made of. Every package by its hash; the daemon itself by no name an index could answer to. */
import { join } from "node:path";

export interface Step {
  says: string;
  command: string;
  args: string[];
}

export function steps(python: string, own: string, bundled: string, wheel: string): Step[] {
  const environment = join(own, "venv");
  const inside = join(environment, "bin", "python");
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet"];
  return [
    { says: "making an environment", command: python, args: ["-m", "venv", "--clear", environment] },
    { says: "downloading what it needs", command: inside, args: [...pip, "--require-hashes", "-r", join(bundled, "runtime.txt")] },
    { says: "installing", command: inside, args: [...pip, "--no-deps", "--no-index", join(bundled, wheel)] },
  ];
}
