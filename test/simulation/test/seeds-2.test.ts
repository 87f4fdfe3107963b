import { playSeeds } from "../src/seeds.ts";

playSeeds(1, 2);
