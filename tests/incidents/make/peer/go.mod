module incidents/peer

go 1.26
