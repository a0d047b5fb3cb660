"""Faces a second that the renderer draws: python benchmarks/renderer.py

On a shared machine the wall clock tells of its other users too: the processor's own time is given beside it.
"""

import statistics
import time

import torch

from facetrial.data.rendering.renderer import render

PEOPLE, PICTURES, RUNS = 12, 40, 7


def main() -> None:
    persons = torch.arange(PEOPLE).repeat_interleave(PICTURES)
    pictures = torch.arange(PICTURES).repeat(PEOPLE)
    all_threads = torch.get_num_threads()
    for threads in sorted({1, all_threads}):
        torch.set_num_threads(threads)
        for size in (112, 160):
            render(0, persons, pictures, size)
            walls, processor = [], []
            for _ in range(RUNS):
                wall, used = time.perf_counter(), time.process_time()
                render(0, persons, pictures, size)
                walls.append(len(persons) / (time.perf_counter() - wall))
                processor.append(1000 * (time.process_time() - used) / len(persons))
            print(
                f"{size}x{size}, {threads} thread(s): median {statistics.median(walls):.0f} faces/s "
                f"(best {max(walls):.0f}); processor time {statistics.median(processor):.2f} ms a face "
                f"(least {min(processor):.2f})"
            )


if __name__ == "__main__":
    main()
