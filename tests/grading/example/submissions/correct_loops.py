class LesionRuler:
    def area(self, mask, spacing):
        total = 0.0
        for row in mask:
            for pixel in row:
                if pixel:
                    total += spacing[0] * spacing[1]
        return total

    def equivalent_diameter(self, area):
        return (4 * area / 3.141592653589793) ** 0.5
