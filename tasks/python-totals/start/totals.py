import sys


def main(path):
    totals = {}
    lines = open(path).read().split("\n")
    header = lines[0].split(",")
    for line in lines[1:]:
        if line:
            row = dict(zip(header, line.split(",")))
            totals[row["category"]] = totals.get(row["category"], 0.0) + float(row["amount"])
    for category in totals:
        print(f"{category}: {totals[category]:.2f}")


main(sys.argv[1])
