import { playSeeds } from "../src/seeds.ts";

playSeeds(0, 2);
