# Which ranges overlap which. OpenTofu has no function for it, so addresses become numbers.
locals {
  named_ranges = merge(var.ranges, var.private_services)

  bounds = {
    for name, range in local.named_ranges : name => {
      first = sum([
        for index, octet in split(".", cidrhost(range, 0)) : tonumber(octet) * pow(256, 3 - index)
      ])
      size = pow(2, 32 - tonumber(split("/", range)[1]))
    }
  }

  overlapping = [
    for pair in setproduct(keys(local.bounds), keys(local.bounds)) : "${pair[0]} and ${pair[1]}"
    if pair[0] != pair[1] && sort(pair)[0] == pair[0]
    && local.bounds[pair[0]].first < local.bounds[pair[1]].first + local.bounds[pair[1]].size
    && local.bounds[pair[1]].first < local.bounds[pair[0]].first + local.bounds[pair[0]].size
  ]
}
