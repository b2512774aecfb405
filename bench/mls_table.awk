#!/usr/bin/awk -f
# Lines of bench_mls and of its peers (ours, openmls, mls_rs: in this order) as tables in Markdown.
BEGIN { FS = "\t" }
{
    who = FILENAME
    sub(/.*\//, "", who)
    sub(/\.tsv$/, "", who)
    suite = $1 == "004d" ? "f04d" : $1 # OpenMLS' number for the same primitives
    row = suite FS $2 FS $3
    value[who, row] = $4
    if (who == "ours") {
        rows[++count] = row
        primitives[row] = $5
    }
}

function shown(who, row) {
    return (who, row) in value ? sprintf("%.*f", value[who, row] < 1000, value[who, row]) : "-"
}
function ratio(who, row,    times) {
    if (!((who, row) in value) || value["ours", row] == 0)
        return "-"
    times = value[who, row] / value["ours", row]
    return sprintf("%.*f", (times < 10) + (times < 1), times)
}
function per_member(who, row, n) {
    return (who, row) in value ? sprintf("%.0f", value[who, row] / n) : "-"
}

END {
    print "| suite | members | operation | ours, us | ours/primitives | OpenMLS, us |" \
        " OpenMLS/ours | mls-rs, us | mls-rs/ours |"
    print "|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= count; i++) {
        row = rows[i]
        split(row, part, FS)
        if (part[3] ~ /bytes$/)
            continue
        of_primitives = primitives[row] > 0 ? \
            sprintf("%.2f", value["ours", row] / primitives[row]) : "-"
        printf "| 0x%s | %d | %s | %s | %s | %s | %s | %s | %s |\n", toupper(part[1]), part[2],
            part[3], shown("ours", row), of_primitives, shown("openmls", row),
            ratio("openmls", row), shown("mls_rs", row), ratio("mls_rs", row)
    }
    print "\n| suite | members | a member's | ours | OpenMLS | mls-rs |"
    print "|---|---|---|---|---|---|"
    for (i = 1; i <= count; i++) {
        row = rows[i]
        split(row, part, FS)
        if (part[3] ~ /bytes$/)
            printf "| 0x%s | %d | %s | %s | %s | %s |\n", toupper(part[1]), part[2], part[3],
                per_member("ours", row, part[2]), per_member("openmls", row, part[2]),
                per_member("mls_rs", row, part[2])
    }
}
